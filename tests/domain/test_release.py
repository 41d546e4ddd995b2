"""Each class of synthetic images is released or blocked, and says why."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from scipy.stats import beta

from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.metrics import Proportion
from radlens.domain.release import LARGEST_RATIO, Utility, release
from radlens.domain.study import Verdict

LABELS = ("glioma", "normal")


def assessment(
    *,
    ratio: float | None = 1.5,
    hits: int = 0,
    n: int = 500,
    caught: int = 10,
    without: str = "made",
) -> Item:
    measured = None if ratio is None else {"value": ratio, "low": ratio, "high": ratio, "n": 120}
    figures = {
        "images": {"made": 125, "train": 300, "held_out": 90},
        "fidelity": {"classifier": {"fid_ratio": measured}, "imagenet": {}},
    }
    body: dict[str, Any] = {
        "classes": dict.fromkeys(LABELS, figures),
        "copies": {
            "rate": {"hits": hits, "n": n, "at_most": Proportion(hits, n).at_most},
            "control": {"planted": 10, "caught": caught},
            "held_out_accused": {"hits": 0, "n": 90},
        },
        "without_copies": without,
    }
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Item("a1", Kind.ASSESSMENT, "made", time, State.DONE, body, ("made", "real"))


def judged(item: Item | None, **utility: Utility) -> tuple[bool, str]:
    found = release(item, "made", LABELS, utility)["glioma"]
    return found.released, found.sentence


def test_images_that_are_near_and_no_copies_are_released():
    released, sentence = judged(assessment())
    assert released
    assert sentence.startswith("glioma is released. They are 1.50 times as far")
    assert "at most 0.60% with 95 % confidence" in sentence
    assert "was not measured" in sentence, "of their use nothing is known, and it says so"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ratio": LARGEST_RATIO + 0.01}, "They are 3.01 times as far"),
        ({"ratio": None}, "too few to measure"),
        ({"n": 298}, "299 without a copy are enough"),
        ({"hits": 6, "without": "other"}, "the version without them is on record"),
        ({"hits": 2}, "2 of 500 images of the generator repeat a training image, at most 1.25%"),
        ({"caught": 8}, "found 8 of 10 copies that were planted"),
    ],
)
def test_images_that_fail_one_condition_are_blocked(changes: dict[str, Any], reason: str):
    released, sentence = judged(assessment(**changes))
    assert not released
    assert sentence.startswith("glioma is blocked.")
    assert reason in sentence


def test_one_copy_in_five_hundred_leaves_the_rest_to_be_released():
    assert judged(assessment(hits=1))[0]
    assert not judged(assessment(hits=1, without="other"))[0], "but not the copy itself"


def test_what_was_not_measured_is_blocked_and_says_how_to_measure_it():
    released, sentence = judged(None)
    assert not released
    assert sentence.count("`radlens synth assess DATASET --against REAL` measures it.") == 2


def test_a_class_that_is_harmed_does_not_get_its_images_and_another_does():
    harmed = Utility(Verdict.HARMED, Measure(-0.05, -0.08, -0.02, 300), "s1")
    found = release(assessment(), "made", LABELS, {"glioma": harmed})
    assert not found["glioma"].released
    assert "They harmed: -0.050 (95 % interval -0.080 to -0.020)." in found["glioma"].sentence
    assert found["normal"].released
    for verdict in (Verdict.HELPED, Verdict.NOT):
        better = {"glioma": replace(harmed, verdict=verdict)}
        assert release(assessment(), "made", LABELS, better)["glioma"].released


def test_the_bound_of_a_share_is_exact():
    assert Proportion(0, 500).at_most == pytest.approx(1 - 0.05 ** (1 / 500), abs=1e-7)
    assert Proportion(0, 299).at_most <= 0.01 < Proportion(0, 298).at_most
    assert Proportion(7, 7).at_most == 1


@pytest.mark.parametrize(("hits", "n"), [(1, 500), (3, 40), (39, 40), (12, 200)])
def test_the_bound_of_a_share_is_that_of_scipy(hits: int, n: int):
    assert Proportion(hits, n).at_most == pytest.approx(
        beta.ppf(0.95, hits + 1, n - hits), abs=1e-6
    )
    assert Proportion(n - hits, n).at_least == pytest.approx(
        beta.ppf(0.05, n - hits, hits + 1), abs=1e-6
    )
