"""Lines of CSV that a spreadsheet reads as text and never as a formula."""

import csv
from collections.abc import Iterable
from io import StringIO

# What makes a cell a formula in one spreadsheet or another (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def line(cells: Iterable[str]) -> str:
    """A line, RFC 4180; a cell that would be a formula begins with an apostrophe."""
    stream = StringIO()
    csv.writer(stream).writerow(map(_safe, cells))
    return stream.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" \u00a0\u3000").startswith(FORMULA) else cell
