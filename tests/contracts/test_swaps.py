"""One version is live for every process at every moment, also where one is killed in between."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from radlens.domain.audit import verify
from radlens.domain.registry import Stage
from tests.builders import furnish
from tests.contracts.children import Child, starting, tell
from tests.contracts.swapper import TASK, site_of
from tests.versions import added


@pytest.fixture
def home(tmp_path: Path, place: str) -> Path:
    """A site with a live version and two that may follow it."""
    furnish(tmp_path / "home")
    with site_of(tmp_path / "home", place) as site:
        for seed, name in enumerate(("two", "three"), 8):
            added(site, tmp_path, TASK, name, seed=seed)
    return tmp_path / "home"


@pytest.fixture
def swapper(home: Path, place: str) -> Iterator[Callable[[], Child]]:
    """Start a ``swapper.py`` that is ready and waits for lines."""
    with starting("swapper") as start:
        yield partial(start, home, place)


def test_whoever_is_killed_at_any_step_of_an_activation_leaves_one_live_version_that_loads(
    home: Path, place: str, swapper: Callable[[], Child]
) -> None:
    process, seen = swapper(), []
    for step in count(1):
        tell(process, f"kill two {step}")
        said = process.stdout.readline().split()
        with site_of(home, place) as site:
            [live] = site.registry.versions(task=TASK, stage=Stage.LIVE)
            site.live.current(TASK).prove()
            assert site.live.current(TASK).ref.digest == live.digest
            assert verify(site.trail.entries())
        seen.append(live.version)
        if said[0] == "done" or live.version == "two":
            break
        assert said == ["killed", "9"]
    assert said == ["killed", "9"]  # the last one just after the commit
    assert seen == ["tiny-1"] * (len(seen) - 1) + ["two"]
    assert len(seen) > 6


def test_readers_see_one_live_version_at_every_look_while_other_processes_swap(
    home: Path, place: str, swapper: Callable[[], Child]
) -> None:
    writers, readers = [swapper(), swapper()], [swapper(), swapper()]
    tell(writers[0], "swap 10 two three tiny-1")
    tell(writers[1], "swap 10 three tiny-1 two")
    for reader in readers:
        tell(reader, "read 13")  # three were registered, and each swap is two
    assert {reader.stdout.readline() for reader in readers} == {"1\n"}
    assert {writer.stdout.readline() for writer in writers} == {"swapped\n"}
    with site_of(home, place) as site:
        [live] = site.registry.versions(task=TASK, stage=Stage.LIVE)
        assert site.live.current(TASK).ref.digest == live.digest
        assert verify(site.trail.entries())
