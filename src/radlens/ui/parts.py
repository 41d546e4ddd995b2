"""The parts of a site as rows of a table: what each said when it was asked to work."""

from radlens.domain.errors import NoLiveModel
from radlens.ports import Site
from radlens.ui import door
from radlens.ui.markup import Html, badge
from radlens.usecases.jobs import queue_length
from radlens.usecases.ready import Check

COLUMNS = ("Part", "State", "What it is", "Answered in")


def rows(site: Site, found: dict[str, Check]) -> list[tuple[object, ...]]:
    """A row for each part that was asked, then those whose state is known without asking."""
    asked = [
        (_named(site, name), _state(check), _about(site, name, check), f"{check.ms:.1f} ms")
        for name, check in found.items()
    ]
    return [*asked, *_standing(site)]


def _named(site: Site, name: str) -> str:
    task = name.removeprefix("model of ")
    return f"Model: {site.tasks[task].title}" if task != name else name.capitalize()


def _state(check: Check) -> Html:
    if check.error is None:
        return badge("answers", "rl-good")
    if isinstance(check.error, NoLiveModel):
        return badge("none")
    return badge("broken", "rl-critical")


def _about(site: Site, name: str, check: Check) -> str:
    if check.error:
        return f"{check.error.message} {check.error.hint}"
    known = door.settings()
    if name.startswith("model of "):
        return site.live.current(name.removeprefix("model of ")).ref.version
    return {
        "database": "PostgreSQL" if known.database_url.startswith("postgresql") else "SQLite",
        "objects": "an S3 bucket" if known.objects_url.startswith("s3:") else "a folder",
        "disk": "room for what is to come",
    }[name]


def _standing(site: Site) -> list[tuple[object, ...]]:
    """What is not asked for work: its state is known."""
    line, (last, sealed) = site.line, site.trail.ends()
    waiting = f"{line.inside - line.waiting} reading now, {line.waiting} waiting"
    queued, running = queue_length(site)
    stopping = badge("stopping", "rl-warn") if line.closed else badge("answers", "rl-good")
    signed = "has no key" if site.seal is None else f"signed up to entry {sealed:,}"
    return [
        ("Workers", stopping, f"{site.workers} readings at once; {waiting}", ""),
        ("Job queue", badge("in the background"), f"{queued:,} queued, {running:,} running", ""),
        ("Trial readings", badge("in the background"), f"{site.beside.dropped:,} left out", ""),
        ("Audit log", badge("grows", "rl-good"), f"{last:,} entries, {signed}", ""),
    ]
