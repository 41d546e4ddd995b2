"""``make bench-registry``: what registry and records promise, one line a figure.

A line is ``name value goal ok|short``. ``python -m bench.registry NAME ...`` measures those lines
alone; a line that cannot be measured says ``failed``, and the others follow. PostgreSQL is a real
server of our own that does not wait for its disk (fsync off); SQLite does wait.

Two promises are tests that pass or fail, and no figures: files that would run code or leave their
folder are refused (``pytest tests/engines/test_bundle.py tests/domain/test_archive.py
tests/lab/test_convert.py``), and every route lets in the roles that the table of access names
(``pytest tests/entrance/test_table.py``).
"""

import sys
from collections.abc import Iterator

from bench import audit, operations, registry_activation, registry_live, registry_swaps
from bench.figure import Figure, show


def figures() -> Iterator[Figure]:
    """Every figure, the longest runs last."""
    yield from registry_activation.figures()
    yield from audit.FIGURES
    yield from registry_swaps.figures()
    yield from operations.figures()
    yield from registry_live.figures()


if __name__ == "__main__":
    sys.exit(show(figures(), sys.argv[1:]) > 0)
