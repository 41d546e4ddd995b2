"""Readers in processes of their own: no case is read twice, and a death leaves all or nothing."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from radlens.bootstrap import open_bare
from radlens.domain.audit import Actor, Verb, Wanted, verify
from radlens.domain.prediction import fingerprint
from radlens.domain.worklist import State
from radlens.ports import Site
from radlens.usecases.verify import verify_records
from radlens.usecases.worklist import claim, follow
from tests.contracts.children import Child, starting, tell
from tests.contracts.crew import settings
from tests.storage.samples import a_prediction, an_act

CASES = 60


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def site(home: Path, place: str) -> Iterator[Site]:
    with open_bare(settings(home, place)) as opened:
        yield opened


@pytest.fixture
def reader(home: Path, place: str, site: Site) -> Iterator[Callable[[str], Child]]:
    """Start a ``readers.py`` under a name; it is ready and waits for lines."""
    with starting("readers") as start:
        yield partial(start, home, place)


def put(site: Site, number: int) -> list[str]:
    keys = [f"{n:03}" for n in range(number)]
    for prediction in map(a_prediction, keys):
        site.records.add(prediction, an_act(prediction, record=fingerprint(prediction)))
    return keys


def test_readers_who_take_the_next_case_at_once_never_get_the_same_one(
    site: Site, reader: Callable[[str], Child]
) -> None:
    keys = put(site, CASES)
    processes = [reader(name) for name in ("ann", "bob", "eve")]
    for process in processes:
        tell(process, "all")
    taken = [process.stdout.readline().split() for process in processes]
    assert sorted(key for keys_of in taken for key in keys_of) == keys
    claims = site.trail.search(Wanted(verb=Verb.CLAIM_CASE), limit=1000)
    assert sorted(entry.act.subject for entry in claims) == keys
    for key in keys:
        assert len(site.reviews.of(key)) == 1
        assert site.worklist.case(key).outcome is State.VERIFIED
    assert verify_records(site).entries == 3 * CASES


def test_whoever_is_killed_at_any_step_of_signing_leaves_the_review_or_the_case_in_hand(
    home: Path, place: str, site: Site, reader: Callable[[str], Child]
) -> None:
    put(site, 1)
    follow(site)
    claim(site, "000", by=Actor("ann", "page"))
    process, seen = reader("ann"), []
    for step in count(1):
        tell(process, f"kill 000 {step}")
        said = process.stdout.readline().split()
        case, reviews = site.worklist.case("000"), site.reviews.of("000")
        assert (case.outcome, case.reader, len(reviews)) in (
            (None, "ann", 0),
            (State.VERIFIED, "", 1),
        )
        assert verify(site.trail.entries())
        assert verify_records(site)
        seen.append(len(reviews))
        assert said == ["killed", "9"]
        if reviews:
            break
    assert seen == [0] * (len(seen) - 1) + [1]  # the last one just after the commit
    assert len(seen) > 6
