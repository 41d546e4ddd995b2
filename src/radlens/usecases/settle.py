"""A server starts: what it was told differs from last time, or it does not."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from radlens.domain.audit import SYSTEM, Act, Verb, Wanted
from radlens.ports import Site

SUBJECT = "settings"


def settle(site: Site, told: Mapping[str, object], *, usual: Mapping[str, object]) -> list[str]:
    """The names of the settings that are others than at the last start; the log tells of them.

    Before the first start all were as ``usual``. Values stay out of the log: each is there by a
    digest, which is enough to see which one changed.
    """
    digests = _digests(told)
    before = _last(site) or _digests(usual)
    names = {*digests, *before}
    changed = sorted(name for name in names if digests.get(name) != before.get(name))
    if changed:
        whole = sha256(repr(sorted(digests.items())).encode()).hexdigest()
        detail = {"digest": whole, "changed": changed, "settings": digests}
        act = Act(site.clock(), SYSTEM, Verb.CHANGE_SETTINGS, SUBJECT, detail)
        site.trail.note(act)
    return changed


def _last(site: Site) -> Mapping[str, Any]:
    wanted = Wanted(verb=Verb.CHANGE_SETTINGS, subject=SUBJECT)
    found: Mapping[str, Any] = {}
    for last in site.trail.search(wanted, limit=1):
        found = last.act.detail["settings"]
    return found


def _digests(values: Mapping[str, object]) -> dict[str, str]:
    return {
        name: sha256(f"{name}={value}".encode()).hexdigest()[:16] for name, value in values.items()
    }
