"""Fixtures for every test: real images where they are at hand."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, which stands beside the project and is never copied into it."""
    if not SHARED.is_dir():
        pytest.skip("the real images (../shared/data) are not beside this project")
    return SHARED.resolve()
