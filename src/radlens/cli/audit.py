"""``radlens audit``: look into the log, verify it, sign it, take it along."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from radlens.cli.say import me, spoken, this_site

if TYPE_CHECKING:
    from radlens.domain.audit import Wanted

TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
OUTCOMES = click.Choice(["done", "refused", "failed"])
TIME = click.DateTime(TIMES)


def filters(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which entries are asked for."""
    for option in (
        click.option("--until", type=TIME, help="Only before this time."),
        click.option("--since", type=TIME, help="Only from this time on."),
        click.option("--outcome", type=OUTCOMES, help="Only what ended so."),
        click.option("--subject", help="Only what was done to this id or digest."),
        click.option("--actor", help="Only what this account did."),
        click.option("--verb", help="Only this kind of act, such as predict or view."),
    ):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """The audit log: who did what, when, from where, and how it ended."""


@audit.command("list")
@filters
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many at most.")
@click.option("--before", type=click.IntRange(1), help="Go on from this entry's number.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@spoken
def list_entries(*, limit: int, before: int | None, as_json: bool, **asked: Any) -> None:
    """List entries, the newest first."""
    from radlens.usecases.consult import consult
    from radlens.wire_audit import page_json

    with this_site() as site:
        found = consult(site, _wanted(**asked), limit=limit, before=before, by=me())
    if as_json:
        click.echo(json.dumps(page_json(found, limit), indent=1))
        return
    for entry in found:
        act = entry.act
        who = f"{act.by.name} ({act.by.via}{' ' if act.by.origin else ''}{act.by.origin})"
        time = act.time.isoformat(sep=" ", timespec="seconds")
        click.echo(f"{entry.seq:>7}  {time}  {act.outcome:7}  {act.verb}  {act.subject}  {who}")


@audit.command()
@click.option(
    "--key", "keys", multiple=True, help="A public key that may have signed besides the site's."
)
@spoken
def verify(keys: tuple[str, ...]) -> None:
    """Verify every entry, signature and record; exit code 7 and the entry where one was touched."""
    from radlens.usecases.verify import verify_and_note

    with this_site() as site:
        found = verify_and_note(site, by=me(), trusted=keys)
    click.echo(f"{found.entries} entries verify; signatures vouch for them up to {found.sealed}.")
    for line in (*(f"Signed by {key}" for key in found.keys), *found.notes):
        click.echo(line)


@audit.command()
@spoken
def checkpoint() -> None:
    """Sign what has no checkpoint yet, in the database and in the second place."""
    from radlens.bootstrap import settings
    from radlens.usecases.checkpoint import checkpoint as sign

    with this_site() as site:
        made = sign(site, every=settings().audit_every)
        key = site.seal.key() if site.seal else ""
    last = f", up to entry {made[-1].seq}" if made else ""
    click.echo(f"{len(made)} checkpoints signed by {key}{last}.")


@audit.command()
@filters
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv", "fhir"]), default="jsonl", help="Shape."
)
@click.option("--out", type=click.Path(path_type=Path), help="File; standard output without it.")
@spoken
def export(form: Any, out: Path | None, **asked: Any) -> None:
    """Write every entry that fits, the oldest first."""
    from radlens.cli.written import lines_to
    from radlens.usecases.consult import export as exported
    from radlens.wire_audit import written

    with this_site() as site:
        lines_to(out, written(exported(site, _wanted(**asked), form=form, by=me()), form))


def _wanted(
    *, since: datetime | None, until: datetime | None, outcome: str | None, **words: Any
) -> "Wanted":
    from radlens.domain.audit import Outcome, Wanted

    return Wanted(
        outcome=Outcome(outcome) if outcome else None,
        since=zoned(since),
        until=zoned(until),
        **words,
    )


def zoned(time: datetime | None) -> datetime | None:
    """The time as it was meant: without a zone, by the clock of this machine."""
    return time.astimezone() if time and time.utcoffset() is None else time
