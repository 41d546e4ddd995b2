"""The verdict on an image follows from its signals and the bundle's thresholds alone."""

import json
from dataclasses import asdict

import pytest

from radlens.domain.gate import MEANINGS, Assessment, Gate, Share, Signal, Verdict, united

GATE = Gate(
    (
        Signal("unlike", 1.0, 2.0),
        *(Signal(name, 0.0, 3.0) for name in MEANINGS if name != "unlike"),
    ),
    golden=(1.0, 0.0, 0.0, 0.0, 0.0),
    measured=(Share("test", 100, 3, 1),),
)


@pytest.mark.parametrize(
    ("signals", "verdict", "named"),
    [
        ([0.9, -1, -1, -1, -1], Verdict.ASSESSABLE, []),
        ([1.5, -1, -1, -1, -1], Verdict.DOUBTFUL, ["unlike"]),
        ([2.5, -1, -1, -1, -1], Verdict.REFUSED, ["unlike"]),
        ([0.9, 4, -1, -1, -1], Verdict.REFUSED, ["inverted"]),
        ([0.9, -1, -1, 1, -1], Verdict.DOUBTFUL, ["upside-down"]),
        ([1.5, 3.5, 4, 1, -1], Verdict.REFUSED, ["unlike", "turned-left"]),
    ],
)
def test_the_strictest_signal_decides_and_the_likeliest_position_alone_is_named(
    signals: list[float], verdict: Verdict, named: list[str]
):
    assessment = GATE.assess(signals)
    assert assessment.verdict is verdict
    assert assessment.reasons == tuple(MEANINGS[name] for name in named)


def test_nothing_held_against_it_makes_an_image_assessable():
    assert united([]) == Assessment(Verdict.ASSESSABLE)


def test_as_many_signals_as_thresholds_are_needed():
    with pytest.raises(ValueError, match="argument"):
        GATE.assess([0.0, 0.0])


def test_a_gate_and_an_assessment_come_back_from_json():
    assert Gate.of(json.loads(json.dumps(asdict(GATE)))) == GATE
    doubt = Assessment(Verdict.DOUBTFUL, ("It is so.",))
    assert Assessment.of(json.loads(json.dumps(asdict(doubt)))) == doubt


@pytest.mark.parametrize(
    "changes",
    [
        {"golden": [1.0]},
        {"golden": [float("nan"), 0, 0, 0, 0]},
        {"signals": [{"name": "haunted", "doubtful": 0, "refused": 1}], "golden": [0.0]},
        {"signals": [{"name": "unlike", "doubtful": 0, "refused": float("inf")}], "golden": [0]},
        {"measured": [{"kind": "test"}]},
    ],
)
def test_a_gate_that_contradicts_itself_is_not_read(changes: dict[str, object]):
    with pytest.raises((ValueError, TypeError)):
        Gate.of(asdict(GATE) | changes)


def test_the_sentence_never_says_that_an_unchecked_or_doubtful_image_is_fine():
    assert "passed" in Assessment(Verdict.ASSESSABLE).sentence
    for verdict in (Verdict.DOUBTFUL, Verdict.REFUSED):
        said = Assessment(verdict, ("It is unlike the others.",)).sentence
        assert "passed" not in said
        assert said.endswith("It is unlike the others.")
