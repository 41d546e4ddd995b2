"""The wait for a page of a busy site is measured on every page, at a small size here."""

import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.busy_site import fill
from bench.pages import FIGURES, WORKLIST, changes
from radlens.bootstrap import ACCESS
from radlens.domain.audit import verify
from radlens.domain.worklist import Rank, Sought, State
from radlens.settings import Settings
from tests.browser.conftest import CHROMIUM
from tests.builders import furnish, tiny_site


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    furnish(tmp_path)
    settings = Settings(home=tmp_path, gallery="gallery")
    fill(settings, predictions=260, reviews=55)
    return settings


def test_a_busy_site_has_cases_of_every_kind_in_a_log_that_verifies(settings: Settings) -> None:
    with tiny_site(settings.home) as site:
        every = Sought(frozenset(State))
        cases, counts = site.worklist.cases(every, now=site.clock(), limit=999)
        assert site.records.count() == 260
        assert counts[State.WAITING] == 260 - 55
        assert counts[State.IN_REVIEW] == 2
        assert counts[State.REJECTED] >= 4
        assert {case.rank for case in cases} == set(Rank)
        assert verify(site.trail.entries())


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_every_page_is_waited_for(settings: Settings) -> None:
    with ThreadPoolExecutor(1) as apart:  # the browser tests of this process have a loop of theirs
        found = apart.submit(changes, settings, rounds=1).result()
    assert len(found) == len(tomllib.loads(ACCESS.read_text())["pages"])
    assert min(found.values()) > 0
    assert WORKLIST in found
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
