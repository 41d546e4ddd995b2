"""The gate to promotion: every single condition can hold a version back, and says so."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from radlens.domain.criteria import Criteria
from radlens.domain.errors import BadCard
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.promotion import NEW_LABEL, Check, Evidence, Result, Ruling, judge
from radlens.domain.task import Task
from tests.builders import PACKAGE, TASKS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW, OLD = "a" * 64, "b" * 64


def subject(digest: str, split: str = "test", trained_on: int | None = None) -> dict[str, Any]:
    words = {"dataset": "held", "unit": "patients", "trained_on": trained_on}
    return {"model_digest": digest, "split": split} | words


def measure(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high, "n": 90}


def item(kind: Kind, body: Mapping[str, Any]) -> Item:
    return Item(f"{kind}-1", kind, "new", NOON, State.DONE, body)


def evaluation(
    *, units: int = 60, ece: object = None, digest: str = NEW, trained_on: int | None = 0
) -> Item:
    whole = {"ece_debiased": ece or measure(0.04, 0.01, 0.3)}
    scores = {"units": units, "whole": whole, "labels": {}}
    body = {"subject": subject(digest, trained_on=trained_on), "scores": scores}
    return item(Kind.EVALUATION, body)


def comparison(low: float = -0.05, **changes: object) -> Item:
    body = {
        "first": subject(NEW),
        "second": subject(OLD),
        "images": 90,
        "whole": {"mean_auroc": {"difference": measure(-0.01, low, 0.03)}, "accuracy": None},
    }
    return item(Kind.COMPARISON, body | changes)


GOOD = Evidence(evaluation(), comparison(), {"logits": 3e-6, "evidence": 1e-4}, "")


def ruling(criteria: Criteria | None = None, **changes: object) -> Ruling:
    return judge(criteria or Criteria(), replace(GOOD, **changes), candidate=NEW, live=OLD)


def held_back(found: Ruling) -> dict[str, Result]:
    return {c.name: c.result for c in found.checks if c.result is not Result.PASSED}


def test_a_version_passes_where_each_figure_is_just_within_its_bound() -> None:
    criteria = Criteria(largest_loss=0.05, largest_ece=0.04, largest_parity=1e-4, least_units=60)
    found = ruling(criteria)
    assert found.passed
    assert found.objections == ()
    assert {check.name for check in found.checks} == {
        "comparison", "evaluation", "calibration", "parity", "golden",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "name", "result"),
    [
        ({"comparison": comparison(-0.0501)}, "comparison", Result.FAILED),
        ({"comparison": None}, "comparison", Result.MISSING),
        ({"comparison": comparison(first=subject(OLD))}, "comparison", Result.MISSING),
        ({"comparison": comparison(second=subject("c" * 64))}, "comparison", Result.MISSING),
        ({"comparison": comparison(first=subject(NEW, "train"))}, "comparison", Result.MISSING),
        ({"comparison": comparison(whole={})}, "comparison", Result.MISSING),
        ({"evaluation": evaluation(units=19)}, "evaluation", Result.FAILED),
        ({"evaluation": evaluation(trained_on=1)}, "evaluation", Result.FAILED),
        ({"evaluation": evaluation(ece=measure(0.101, 0, 1))}, "calibration", Result.FAILED),
        ({"parity": {"logits": 1.01e-4}}, "parity", Result.FAILED),
        ({"parity": {"logits": float("nan")}}, "parity", Result.FAILED),
        ({"parity": None}, "parity", Result.MISSING),
        ({"golden": "It does not give its golden answer (off by 3)."}, "golden", Result.FAILED),
    ],
)
def test_each_condition_alone_holds_a_version_back_and_names_its_figures(
    changes: Mapping[str, Any], name: str, result: Result
) -> None:
    found = ruling(**changes)
    assert held_back(found) == {name: result}
    assert not found.passed
    [objection] = found.objections
    assert objection.endswith(".")
    assert found.unmeasured is (result is Result.MISSING and name != "parity")


@pytest.mark.parametrize("wrong", [None, evaluation(digest=OLD)])
def test_without_an_evaluation_of_this_very_bundle_nothing_of_it_counts(wrong: Item | None) -> None:
    found = ruling(evaluation=wrong)
    assert held_back(found) == {"evaluation": Result.MISSING, "calibration": Result.MISSING}


def test_the_first_version_of_a_task_needs_no_comparison_but_all_the_rest() -> None:
    def first(**changes: object) -> Ruling:
        evidence = replace(GOOD, comparison=None, **changes)
        return judge(Criteria(), evidence, candidate=NEW, live=None)

    assert first().passed
    assert held_back(first(golden="It strays.")) == {"golden": Result.FAILED}
    assert not first(evaluation=None).passed


def test_a_figure_that_could_not_be_measured_is_missing_not_good() -> None:
    assert held_back(ruling(Criteria(figure="accuracy"))) == {"comparison": Result.MISSING}
    body = {"subject": subject(NEW), "scores": {"units": 60, "whole": {"ece_debiased": None}}}
    unmeasured = item(Kind.EVALUATION, body)
    assert held_back(ruling(evaluation=unmeasured)) == {"calibration": Result.MISSING}


def test_a_failed_condition_says_its_figure_its_interval_and_the_bound() -> None:
    [said] = ruling(comparison=comparison(-0.08)).objections
    for figure in ("-0.010", "-0.080", "+0.030", "-0.050", "90 images", "mean auroc"):
        assert figure in said


def of_label(
    found: int = 9,
    n: int = 10,
    *,
    images: int = 1,
    spared: float = 0.95,
    others: int = 100,
    area: tuple[float, float, float] = (0.9, 0.51, 1.0),
) -> Item:
    """An evaluation of a label of ``n`` units, each with so many ``images``."""
    label = {
        "positives": images * n,
        "negatives": others,
        "positive_units": n,
        "measures": {
            "sensitivity": measure(found / n, 0, 1),
            "specificity": measure(spared, 0, 1),
            "auroc": measure(*area),
        },
    }
    item = evaluation(units=n + others)
    return replace(
        item, body=item.body | {"scores": item.body["scores"] | {"labels": {"nf": label}}}
    )


def learned(item: Item, criteria: Criteria | None = None) -> Check:
    found = ruling(criteria, evaluation=item, new=("nf",))
    [check] = [check for check in found.checks if check.name == NEW_LABEL]
    assert found.passed is (check.result is Result.PASSED)
    assert found.unmeasured is (check.result is Result.MISSING)
    return check


@pytest.mark.parametrize(
    ("item", "result", "said"),
    [
        (of_label(9, 10), Result.PASSED, "found in 9 of 10 patients, with 95 % confidence in 61%"),
        (of_label(8, 10), Result.FAILED, "found in 8 of 10"),
        (of_label(5, 5), Result.PASSED, "found in 5 of 5"),
        (of_label(4, 5), Result.FAILED, "found in 4 of 5"),
        (of_label(2, 5), Result.FAILED, "with 95 % confidence in 8% or more, and 50%"),
        (of_label(4, 4), Result.MISSING, "4 held-out patients with it and 100 without it are too"),
        (of_label(4, 4, images=9), Result.MISSING, "4 held-out patients with it"),
        (of_label(9, 10, images=9), Result.PASSED, "found in 9 of 10 patients"),
        (of_label(others=13, spared=1.0), Result.MISSING, "5 and 14 are the fewest that can"),
        (of_label(others=14, spared=1.0), Result.PASSED, "reported in 0 of 14 others"),
        (of_label(spared=0.87), Result.PASSED, "reported in 13 of 100 others"),
        (of_label(spared=0.86), Result.FAILED, "reported in 14 of 100 others, 21% at most"),
        (of_label(area=(0.7, 0.5, 0.9)), Result.FAILED, "0.70 (95 % interval 0.50 to 0.90)"),
        (evaluation(), Result.MISSING, "nf, which the live version does not know, was not meas"),
    ],
)  # fmt: skip
def test_a_new_label_has_to_be_known_beyond_chance_in_enough_cases_of_its_own(
    item: Item, result: Result, said: str
) -> None:
    found = learned(item)
    assert (found.result, said in found.sentence) == (result, True), found
    assert found.record == item.id


def test_what_is_asked_of_a_new_label_stands_on_the_card() -> None:
    assert learned(of_label(9, 10), Criteria(least_found=0.7)).result is Result.FAILED
    assert learned(of_label(4, 5), Criteria(least_found=0.3)).result is Result.PASSED
    assert learned(of_label(spared=0.8), Criteria(largest_false=0.3)).result is Result.PASSED


def test_a_card_may_carry_its_own_gate() -> None:
    text = (PACKAGE / "tasks" / "brain-tumor.toml").read_text()
    assert TASKS["brain-tumor"].promotion == Criteria()
    own = Task.from_toml(text + '\n[promotion]\nfigure = "accuracy"\nlargest_loss = 0.02\n')
    assert own.promotion == Criteria(figure="accuracy", largest_loss=0.02)


@pytest.mark.parametrize(
    "entry",
    ['figure = "f1"', "largest_loss = 2.0", "least_units = 0", "largest_ece = nan", "x = 1",
     "largest_parity = inf", 'largest_ece = "0.1"', "least_found = 1.0", "largest_false = 0.0"],
)  # fmt: skip
def test_a_gate_that_cannot_be_meant_is_refused_with_its_card(entry: str) -> None:
    text = (PACKAGE / "tasks" / "brain-tumor.toml").read_text()
    with pytest.raises(BadCard):
        Task.from_toml(f"{text}\n[promotion]\n{entry}\n")
