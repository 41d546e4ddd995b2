"""Audit entries as CSV that a spreadsheet reads as text and never as a formula."""

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO

from radlens.domain.audit import Entry

COLUMNS = (
    *("seq", "time", "actor", "via", "origin", "verb", "subject", "outcome", "detail"),
    *("previous", "digest"),
)
# What makes a cell a formula in one spreadsheet or another (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A line of names, then one line an entry, RFC 4180.

    A cell that would be a formula begins with an apostrophe.
    """
    yield _line(COLUMNS)
    for entry in entries:
        act, by = entry.act, entry.act.by
        detail = json.dumps(act.detail, ensure_ascii=False)
        said = (act.time.isoformat(), by.name, by.via, by.origin, act.verb, act.subject)
        cells = (*said, act.outcome, detail, entry.previous, entry.digest)
        yield _line((str(entry.seq), *map(_safe, cells)))


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" \u00a0\u3000").startswith(FORMULA) else cell


def _line(cells: Iterable[str]) -> str:
    stream = StringIO()
    csv.writer(stream).writerow(cells)
    return stream.getvalue()
