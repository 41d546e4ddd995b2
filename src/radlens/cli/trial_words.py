"""What the commands on a version's way to being live do and say."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from radlens.domain.agreement import Agreement
from radlens.domain.audit import Actor
from radlens.domain.metrics import Proportion
from radlens.ports import Site
from radlens.reports.part import shown
from radlens.usecases.agreement import agreement
from radlens.usecases.gate import ruling
from radlens.usecases.preview import preview
from radlens.usecases.trial import Terms, canary, shadow, withdraw
from radlens.wire_trials import gate_json, preview_json, trial_json


def show_gate(site: Site, reference: str, *, as_json: bool) -> bool:
    """Print each condition with its figures; whether all passed."""
    found = ruling(site, reference)
    if as_json:
        click.echo(json.dumps(gate_json(found), indent=1))
        return found.passed
    for check in found.checks:
        record = f" (record {check.record[:12]})" if check.record else ""
        click.echo(f"{check.result:8} {check.name:12} {check.sentence}{record}")
    click.echo("It passes the gate." if found.passed else "It does not pass the gate.")
    return found.passed


def show_preview(site: Site, reference: str, *, last: int, match: bool, as_json: bool) -> None:
    """Print the alarms of both versions on the latest images, and what would change."""
    found = preview(site, reference, last=last, match=match)
    if as_json:
        click.echo(json.dumps(preview_json(found), indent=1))
        return
    name = found.version.version
    click.echo(f"{name} beside {found.live}, the live version, on {found.images} recorded images.")
    _table(found.labels)
    click.echo(f"The answer would change for {len(found.changes)} of them:")
    for change in found.changes:
        click.echo(f"  {change.prediction}  {', '.join(change.labels)}")
    for key, why in found.unread:
        click.echo(f"  {key}  not read: {why}")


def show_agreement(site: Site, reference: str, *, last: int, as_json: bool) -> None:
    """Print what a trial has shown so far."""
    found = agreement(site, reference, last=last)
    if as_json:
        click.echo(json.dumps(trial_json(found), indent=1))
        return
    seen, version = found.coverage, found.version
    click.echo(
        f"{version.version} ({version.stage}) beside {found.live.version}, the live version: "
        f"{seen.answered} answers since the trial began, both read {seen.read}, one of them "
        f"failed on {seen.failed}, {seen.left_out} were left out."
    )
    _table(found.labels)


def place_shadow(site: Site, reference: str, *, by: Actor, reason: str) -> None:
    """Begin, and say how to look."""
    version = shadow(site, reference, by=by, reason=reason)
    click.echo(f"{version.version} reads in the shadow from now on.")
    click.echo(f"To see how it does: radlens models agreement {version.task}/{version.version}")


def place_canary(
    site: Site, reference: str, share: float, *, by: Actor, terms: Mapping[str, Any]
) -> None:
    """Begin, and say what it answers for."""
    version = canary(site, reference, share, by=by, terms=Terms(**terms))
    click.echo(f"{version.version} answers for {share:.1%} of the images from now on.")


def withdraw_version(site: Site, reference: str, *, by: Actor, reason: str) -> None:
    """End, and say so."""
    click.echo(f"{withdraw(site, reference, by=by, reason=reason).version} is a candidate again.")


def _table(labels: Sequence[Agreement]) -> None:
    if not labels:
        click.echo("Nothing was read by both yet.")
        return
    head = ("label", "live reports", "it reports", "p", "changed", "kappa", "mean distance")
    drawn = Table(*head)
    for label in labels:
        drawn.add_row(
            label.label,
            _share(label.live),
            _share(label.candidate),
            f"{label.p:.3f}",
            _share(label.changed),
            shown(label.kappa),
            shown(label.difference),
        )
    Console(width=None if Console().is_terminal else 180).print(drawn)
    click.echo("Intervals are of 95 %; p: McNemar, exact. Images are taken as independent.")


def _share(share: Proportion) -> str:
    bounds = share.interval
    return f"{share.hits} of {share.n} ({bounds.low:.1%} to {bounds.high:.1%})"
