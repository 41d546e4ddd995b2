"""Which way a version may go."""

from datetime import UTC, datetime

import pytest

from radlens.domain.audit import Actor
from radlens.domain.errors import WrongStage
from radlens.domain.evaluation import Measure
from radlens.domain.registry import NEXT, Stage, Version, move

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY = Actor("ada", "cli")


def version(stage: Stage, **changes: object) -> Version:
    parts = {"manifest.json": "a" * 64, "model.onnx": "b" * 64, "card.md": "c" * 64}
    fields = {"files": parts, "source": "upload"} | changes
    return Version("a" * 64, "chest-xray", "v1", stage, time=NOON, by=BY, **fields)


def go(found: Version, after: Stage) -> Stage:
    return move(found, after, time=NOON, by=BY, reason="", share=None).after


@pytest.mark.parametrize("before", Stage)
@pytest.mark.parametrize("after", Stage)
def test_a_version_goes_only_where_its_stage_lets_it(before: Stage, after: Stage) -> None:
    if after in NEXT[before]:
        assert go(version(before), after) is after
    else:
        with pytest.raises(WrongStage, match=before):
            go(version(before), after)


def test_every_stage_is_reached_from_another_and_what_was_live_may_be_live_again() -> None:
    assert set().union(*NEXT.values()) == set(Stage)
    assert Stage.LIVE in NEXT[Stage.RETIRED]


def test_a_version_of_an_older_application_never_answers() -> None:
    legacy = version(Stage.RETIRED, files={}, source="legacy")
    with pytest.raises(WrongStage, match="no bundle"):
        go(legacy, Stage.LIVE)


def test_the_figures_of_a_version_are_measures_also_where_the_number_of_cases_is_not_said() -> None:
    told = {"mean_auroc": {"value": 0.7, "low": 0.6, "high": 0.8}, "labels": 13}
    assert version(Stage.LIVE, facts={"metrics": told}).measures == {
        "mean_auroc": Measure(0.7, 0.6, 0.8, 0)
    }
    assert version(Stage.LIVE).measures == {}
