"""Sites on either kind of database, for promises that must hold on both."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from radlens.ports import Site
from tests.builders import tiny_site

Process = Callable[..., AbstractContextManager[Site]]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Process:
    """Opens one and the same site, as each of its processes does."""
    if request.param == "SQLite":
        return partial(tiny_site, tmp_path)
    return partial(tiny_site, tmp_path, database=request.getfixturevalue("postgres"))
