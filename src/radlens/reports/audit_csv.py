"""Audit entries as CSV."""

import json
from collections.abc import Iterable, Iterator

from radlens.domain.audit import Entry
from radlens.reports.csv_text import line

COLUMNS = (
    *("seq", "time", "actor", "via", "origin", "verb", "subject", "outcome", "detail"),
    *("previous", "digest"),
)


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A line of names, then one line an entry."""
    yield line(COLUMNS)
    for entry in entries:
        act, by = entry.act, entry.act.by
        detail = json.dumps(act.detail, ensure_ascii=False)
        said = (act.time.isoformat(), by.name, by.via, by.origin, act.verb, act.subject)
        yield line((str(entry.seq), *said, act.outcome, detail, entry.previous, entry.digest))
