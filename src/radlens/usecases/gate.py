"""Whether a version may answer: the evidence on record, held against the card of its task."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import BrokenModel, Corrupted, NoSuchObject, NotApproved, NotPromoted
from radlens.domain.ledger import Item, Kind
from radlens.domain.model import Manifest
from radlens.domain.promotion import HELD_OUT, Evidence, Ruling, judge
from radlens.domain.registry import Stage, Version
from radlens.ports import Site


@dataclass(frozen=True)
class Passed:
    """How a version got through the gate: the ruling, and the audit of an override if it took one.

    ``live`` is what it was held against. The acts belong into the transaction of the move that was
    let through.
    """

    ruling: Ruling
    live: Version | None
    acts: tuple[Act, ...] = ()


def ruling(site: Site, reference: str) -> Ruling:
    """What the gate says of a version as things stand; raises NoSuchVersion."""
    version = site.registry.get(reference)
    return _ruling(site, version, live_version(site, version.task))


def pass_gate(site: Site, version: Version, *, by: Actor, reason: str, override: bool) -> Passed:
    """How the version gets through; raises NotPromoted where it does not.

    An ``override`` lets it through with its ``reason``, which is then on record with what the
    gate objected to.
    """
    live = live_version(site, version.task)
    found = _ruling(site, version, live)
    if found.passed:
        return Passed(found, live)
    if not override:
        raise NotPromoted(
            f"The version {version.version} does not pass the gate of {version.task}. "
            + " ".join(found.objections),
            hint=_hint(found, version, live),
        )
    if not reason.strip():
        raise NotPromoted(
            "The gate is overridden with a reason alone.", hint="Say why; it stays on record."
        )
    detail = {
        "task": version.task,
        "version": version.version,
        "reason": reason,
        "gate": found.to_json(),
    }
    return Passed(found, live, (Act(site.clock(), by, Verb.OVERRIDE_GATE, version.digest, detail),))


def must_be_approved(site: Site, version: Version, by: Actor) -> None:
    """Before a version shows people its answers; raises NotApproved where only ``by`` did."""
    if site.approvals > 1 and not set(version.approved) - {by.name}:
        raise NotApproved(
            f"The version {version.version} needs the approval of a second account.",
            hint="Somebody else approves with `radlens models approve`; then try again.",
        )


def matched_thresholds(site: Site, version: Version) -> dict[str, Any]:
    """The version's thresholds at the live one's sensitivity, from their newest comparison.

    Raises NotPromoted where no comparison has them.
    """
    live = live_version(site, version.task)
    item = comparison(site, version, live) if live else None
    if live is None or item is None or not item.body["matched"]:
        raise NotPromoted(
            f"No comparison on record has thresholds of {version.version} at the sensitivity of "
            "the live version.",
            hint=f"{_command(version, live)} makes it, where DATA has a split val and the labels "
            "are reported each on its own.",
        )
    points = {label: entry["point"] for label, entry in item.body["matched"].items()}
    return {"comparison": item.id, "against": live.digest, "points": points}


def live_version(site: Site, task: str) -> Version | None:
    """The version that is live for a task, if any."""
    return next(iter(site.registry.versions(task=task, stage=Stage.LIVE)), None)


def comparison(site: Site, version: Version, live: Version) -> Item | None:
    """The newest comparison of a version with the live one on held-out cases, if any."""
    items = site.ledger.items(Kind.COMPARISON, name=f"{version.version} against {live.version}")
    return next(
        (
            item
            for item in items
            if _is_of(item.body["first"], version) and _is_of(item.body["second"], live)
        ),
        None,
    )


def _ruling(site: Site, version: Version, live: Version | None) -> Ruling:
    if live and live.digest == version.digest:
        live = None
    compared = comparison(site, version, live) if live else None
    evaluated = site.ledger.get(compared.parents[0]) if compared else _evaluation(site, version)
    manifest, golden = _golden(site, version)
    new = _new_labels(site, manifest, live)
    evidence = Evidence(evaluated, compared, manifest.provenance.get("parity"), golden, new)
    return judge(
        site.tasks[version.task].promotion,
        evidence,
        candidate=version.digest,
        live=live.digest if live else None,
    )


def _new_labels(site: Site, manifest: Manifest, live: Version | None) -> tuple[str, ...]:
    """The labels of a version that the live one lacks; without one, those that the site added."""
    card = site.tasks[manifest.task]
    known = card.names[: min(card.editions, default=len(card.names))]
    if live:
        # A live version whose parts are spoiled has to be replaced, and vouches for nothing.
        with suppress(Corrupted, NoSuchObject):
            known = Manifest.from_json(site.blobs.get(live.digest)).labels
    return tuple(name for name in manifest.labels if name not in known)


def _evaluation(site: Site, version: Version) -> Item | None:
    items = site.ledger.items(Kind.EVALUATION, name=version.version)
    return next((item for item in items if _is_of(item.body["subject"], version)), None)


def _is_of(subject: Mapping[str, object], version: Version) -> bool:
    return (subject["model_digest"], subject["split"]) == (version.digest, HELD_OUT)


def _golden(site: Site, version: Version) -> tuple[Manifest, str]:
    """A version's manifest, and why its model does not give its golden answer, if it does not."""
    try:
        return site.live.warm(version).manifest, ""
    except BrokenModel as error:
        return Manifest.from_json(site.blobs.get(version.digest)), error.message


def _hint(found: Ruling, version: Version, live: Version | None) -> str:
    if not found.unmeasured:
        return "Train a better one; or override the gate, with a reason that stays on record."
    return f"{_command(version, live)} makes the record."


def _command(version: Version, live: Version | None) -> str:
    against = f" --against {live.version}" if live else ""
    return f"`radlens evaluate {version.version}{against} --dataset DATA`"
