"""Settings & Health: what this site was told, whether its parts work, and what needs a hand."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields

import streamlit as st

from radlens.domain.audit import Outcome, Verb, Wanted
from radlens.domain.errors import NoLiveModel
from radlens.domain.job import JobState
from radlens.domain.legacy import notice
from radlens.ports import Site
from radlens.settings import Settings
from radlens.ui import door, overtaken, parts
from radlens.ui.markup import Html, Tile, badge, code, empty, head, table, tiles
from radlens.ui.spoken import spoken
from radlens.usecases.ready import Check, examine

TOLD = ("Entry", "Value", "Usual", "To set it")
LATELY = ("When", "Who", "Act", "Outcome", "What")
# The acts that change how a site works, whoever reads images there.
KEPT = (Verb.CHANGE_SETTINGS, Verb.BACK_UP, Verb.RESTORE, Verb.MIGRATE)
SHOWN = 5


def show() -> None:
    """Draw the page; it changes nothing, and shows of a secret only whether there is one."""
    st.title("Settings & Health", anchor=False)
    site = door.site()
    with st.container(border=True, key="card-health"), spoken():
        _health(site)
    with st.container(border=True, key="card-accounts"), spoken():
        _accounts(site)
    with st.container(border=True, key="card-settings"), spoken():
        _settings(door.settings())
    with st.container(border=True, key="card-lately"), spoken():
        _lately(site)


def _health(site: Site) -> None:
    found = examine(site)
    broken = [name for name, check in found.items() if _is_broken(check)]
    last, sealed = site.trail.ends()
    failed = len(site.jobs.jobs(JobState.FAILED))
    st.html(
        head(
            "Health",
            f"Every part was asked to work at {site.clock():%Y-%m-%d %H:%M:%S %Z}.",
        )
        + tiles(
            [
                Tile(f"{len(found) - len(broken)} of {len(found)}", "parts without a fault"),
                Tile(f"{last - sealed:,}", "audit entries since the last signature"),
                Tile(f"{failed:,}", "jobs on record that failed"),
            ]
        )
    )
    needs = list(_needs(site, found))
    if needs:
        st.html(table("What needs a hand", ("What", "What to do"), needs))
    else:
        st.html(empty("Nothing needs a hand."))
    st.html(table("What answers", parts.COLUMNS, parts.rows(site, found)))
    st.button("Ask again", help="Asks every part once more.", key="ask-again")


def _is_broken(check: Check) -> bool:
    return check.error is not None and not isinstance(check.error, NoLiveModel)


def _needs(site: Site, found: dict[str, Check]) -> Iterator[tuple[object, object]]:
    for check in found.values():
        if check.error is not None:
            yield check.error.message, check.error.hint
    yield from overtaken.needs(site)
    if site.seal is None:
        yield "The audit log has no key to sign with.", code("radlens audit checkpoint")
    if left := notice(site.legacy.left()):
        yield left, code("radlens upgrade")
    known = door.settings()
    if not known.local and not known.proxies:
        yield (
            "Other machines reach this site without TLS in front of it.",
            "Put a proxy with TLS there and name its address in proxies.",
        )
    if known.audit_mirror == "":
        yield (
            "Signed checkpoints of the audit log are kept twice on one disk.",
            "Name a file on another disk, best one that only grows, in audit_mirror.",
        )
    if not list(site.trail.search(Wanted(verb=Verb.BACK_UP, outcome=Outcome.DONE), limit=1)):
        yield "No backup of this site is on record.", code("radlens backup FILE")


def _accounts(site: Site) -> None:
    users = site.accounts.users.all()
    able = [user for user in users if not user.disabled]
    roles = Counter(user.role.value for user in able)
    now = site.clock()
    keys = [key for key in site.accounts.keys.all() if key.revoked is None and key.expires > now]
    st.html(
        head("Accounts", "Who may sign in; accounts are changed by a command, or over REST.")
        + tiles(
            [
                *(Tile(f"{count:,}", role) for role, count in sorted(roles.items())),
                Tile(f"{len(users) - len(able):,}", "disabled"),
                Tile(f"{len(keys):,}", "API keys that work"),
            ]
        )
    )
    if door.demo():
        st.html(empty("Demo mode: whoever is at this machine administers the site."))


def _settings(known: Settings) -> None:
    usual = Settings(home=known.home).told
    told = known.told
    other = sum(told[name] != usual[name] for name in told)
    st.html(
        head(
            "Settings",
            f"{other:,} of {len(told)} entries are other than usual. An entry stands in "
            "radlens.toml of the site's folder, or in the environment, and counts from the next "
            "start. What each one does stands in the guide.",
        )
    )
    secret = {field.name for field in fields(Settings) if not field.repr}
    rows = [
        (name, _shown(value, secret=name in secret, other=value != usual[name]),
         _shown(usual[name], secret=name in secret), code(f"RADLENS_{name.upper()}"))
        for name, value in told.items()
    ]  # fmt: skip
    with st.expander("Every entry", expanded=False):
        st.html(table("Settings of this process", TOLD, rows))


def _shown(value: object, *, secret: bool, other: bool = False) -> str | Html:
    words = ("set" if value else "not set") if secret else f"{value}" or "none"
    return badge(words, "rl-warn") if other else words


def _lately(site: Site) -> None:
    st.html(head("Lately", "Starts with other settings, backups, restores and moves."))
    entries = [
        entry for verb in KEPT for entry in site.trail.search(Wanted(verb=verb), limit=SHOWN)
    ]
    entries.sort(key=lambda entry: entry.seq, reverse=True)
    if not entries:
        st.html(empty("Nothing of that kind is on record."))
        return
    rows = [
        (
            f"{entry.act.time:%Y-%m-%d %H:%M}",
            entry.act.by.name,
            entry.act.verb,
            entry.act.outcome,
            ", ".join(entry.act.detail.get("changed", ())) or entry.act.subject,
        )
        for entry in entries[: 2 * SHOWN]
    ]
    st.html(table("The newest first", LATELY, rows))
