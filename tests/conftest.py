"""Fixtures for every test: real images where they are at hand, and each kind of database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from radlens.storage.database import Database
from tests.contracts.stores import DATABASES

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, which stands beside the project and is never copied into it."""
    if not SHARED.is_dir():
        pytest.skip("the real images (../shared/data) are not beside this project")
    return SHARED.resolve()


@pytest.fixture(params=sorted(DATABASES))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database of each kind."""
    with closing(DATABASES[request.param](tmp_path / "site")) as opened:
        yield opened
