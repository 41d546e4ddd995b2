"""What a report says, whatever the findings are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radlens.domain.errors import Corrupted, NoSuchLabel
from radlens.domain.finding import Finding, OperatingPoint, findings, percent
from radlens.domain.metrics import Confusion
from radlens.domain.task import Mode, Task
from radlens.reports.content import Report, focus, report
from tests.reports import samples

FORBIDDEN = (
    "no significant",
    "normal",
    "healthy",
    "automated",
    "automatic",
    "no finding",
    "nothing found",
    "unremarkable",
    "all clear",
    "negative",
    "patholog",
    "safe",
    " nan",
)
CARDS = ("chest-xray", "brain-tumor", "neuro-rare")


def without_meanings(task: Task) -> Task:
    """The card without its own prose, which may well say "it does not say that ... healthy"."""
    return replace(task, labels=tuple(replace(label, meaning="") for label in task.labels))


@st.composite
def answers(draw: st.DrawFn) -> tuple[Task, tuple[Finding, ...]]:
    task = without_meanings(samples.card(draw(st.sampled_from(CARDS))))
    count = len(task.labels)
    shares = st.floats(0, 1)
    counts = st.integers(0, 200)
    measured = st.none() | st.builds(Confusion, counts, counts, counts, counts)
    points = st.builds(OperatingPoint, st.none() | shares, measured)
    p = np.array(draw(st.lists(shares, min_size=count, max_size=count)))
    if task.mode is Mode.MULTI_CLASS:
        p = (p + 1e-9) / (p + 1e-9).sum()
    return task, findings(
        p,
        labels=task.names,
        mode=task.mode,
        points=tuple(draw(st.lists(points, min_size=count, max_size=count))),
        calibrated=tuple(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
    )


def said_of(task: Task, found: tuple[Finding, ...], *, hot: int | None = None) -> Report:
    evidence = samples.some_evidence(len(found), {} if hot is None else {hot: (1, 1)})
    return report(samples.a_prediction(task, found), task=task, evidence=evidence)


@settings(deadline=None)  # machines are shared
@given(case=answers(), drawn=st.booleans())
def test_no_findings_of_any_card_lead_to_a_forbidden_phrase(
    case: tuple[Task, tuple[Finding, ...]], *, drawn: bool
) -> None:
    task, found = case
    words = repr(said_of(task, found, hot=focus(found) if drawn else None)).lower()
    assert [phrase for phrase in FORBIDDEN if phrase in words] == []


@settings(deadline=None)  # machines are shared
@given(answers())
def test_every_label_is_in_the_table_in_card_order_with_its_sentence(
    case: tuple[Task, tuple[Finding, ...]],
) -> None:
    task, found = case
    said = said_of(task, found)
    titles = [label.title for label in task.labels]
    assert [row.title for row in said.rows] == titles
    assert all(
        words.startswith(title) for title, (words, _) in zip(titles, said.sentences, strict=True)
    )


@settings(deadline=None)  # machines are shared
@given(answers())
def test_the_summary_names_each_abnormal_label_as_reported_or_as_looked_for(
    case: tuple[Task, tuple[Finding, ...]],
) -> None:
    task, found = case
    first, second = said_of(task, found).summary
    for finding in found:
        label = task.label(finding.label)
        if finding.positive:
            assert first.startswith("Reported: ")
            assert f"{label.title} (" in first
        elif label.abnormal:
            assert label.title in second
            assert "That does not rule out any of them." in second
    assert second.endswith("Nothing else was looked for.")


@settings(deadline=None)  # machines are shared
@given(answers())
def test_urgency_is_told_only_of_what_is_reported_and_is_the_cards_own(
    case: tuple[Task, tuple[Finding, ...]],
) -> None:
    task, found = case
    for finding, row in zip(found, said_of(task, found).rows, strict=True):
        label = task.label(finding.label)
        told = finding.positive and label.abnormal
        assert row.urgency == (str(label.urgency) if told else "")


@pytest.mark.parametrize("card", CARDS)
def test_a_class_that_is_no_disease_never_comes_with_an_urgency(card: str) -> None:
    task = samples.card(card)
    top = [i for i, label in enumerate(task.labels) if not label.abnormal]
    for index in top:
        values = [0.01] * len(task.labels)
        values[index] = 0.9
        said = said_of(task, samples.found(task, values, threshold=None))
        assert "urgency" not in " ".join(said.summary)


def test_the_heat_map_is_of_the_most_probable_finding_that_is_reported() -> None:
    prediction, task, evidence = samples.chest()
    unsure = replace(prediction.findings[0], probability=0.99, positive=False)
    found = (unsure, *prediction.findings[1:])
    picture = report(replace(prediction, findings=found), task=task, evidence=evidence).picture
    assert "Effusion" in picture.caption
    assert picture.heat is not None
    assert picture.heat.peak == pytest.approx(7.0)
    assert "peak evidence 7.00 logits" in picture.caption
    assert picture.heat.values[6, 1] == 1


def test_the_heat_map_is_the_right_labels_even_when_the_card_has_another_order() -> None:
    prediction, task, evidence = samples.chest()
    turned = replace(task, labels=task.labels[::-1])
    picture = report(prediction, task=turned, evidence=evidence).picture
    assert "Effusion" in picture.caption
    assert picture.heat is not None
    assert picture.heat.values[6, 1] == 1


def test_where_nothing_is_reported_the_largest_probability_is_drawn_and_said_not_to_be() -> None:
    prediction, task, evidence = samples.chest_below()
    picture = report(prediction, task=task, evidence=evidence).picture
    assert "“Effusion” (not reported; the largest probability, 44.0 %)" in picture.caption


def test_where_there_is_no_evidence_the_report_says_so_and_draws_nothing() -> None:
    prediction, task, evidence = samples.brain_without_evidence()
    picture = report(prediction, task=task, evidence=evidence).picture
    assert picture.heat is None
    assert picture.caption.startswith("There is no evidence for “None of the three tumours”")


def test_a_multi_class_answer_below_its_operating_point_is_no_answer() -> None:
    prediction, task, evidence = samples.brain()
    found = tuple(replace(f, positive=False) for f in prediction.findings)
    said = report(replace(prediction, findings=found), task=task, evidence=evidence)
    assert said.summary[0].startswith("No answer is given: the largest probability is 86.0 %")


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "< 0.1 %"), (0.0004, "< 0.1 %"), (0.5, "50.0 %"), (0.9996, "> 99.9 %"), (1, "> 99.9 %")],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, words: str) -> None:
    assert percent(probability) == words


def test_what_cannot_be_ruled_out_is_told_with_how_often_that_held() -> None:
    prediction, task, evidence = samples.brain()
    said = report(prediction, task=task, evidence=evidence)
    assert said.kept[0] == (
        "With 90 % asked for, the true class is among: "
        "Glioma, Meningioma, None of the three tumours."
    )
    assert said.kept[1].startswith("The true class was in the set in 330 of 346 held-out cases")
    assert said.kept[2].endswith("whatever the image shows: None of the three tumours.")
    old = replace(prediction, prediction_set=None)
    assert report(old, task=task, evidence=evidence).kept == ()


def test_a_tier_never_stands_without_how_often_it_was_right() -> None:
    prediction, task, evidence = samples.brain()
    said = report(prediction, task=task, evidence=evidence)
    assert "tier High, right in 46 of 50" in said.summary[0]
    assert [row.tier for row in said.rows if row.tier] == ["High, right in 46 of 50"]


def test_frames_a_foreign_modality_and_codes_are_told() -> None:
    prediction, task, evidence = samples.brain()
    image = replace(prediction.image, modality="CT")
    said = report(replace(prediction, image=image), task=task, evidence=evidence)
    facts = dict(said.facts)
    assert facts["Frame"] == "3 of 12; the others were not read"
    assert facts["Modality"] == "CT (this task is meant for MR)"
    assert said.sentences[0][1] == "SNOMED CT 393564001 (Glioma)"


def test_evidence_that_does_not_fit_the_findings_is_refused() -> None:
    prediction, task, evidence = samples.chest()
    with pytest.raises(Corrupted):
        report(prediction, task=task, evidence=evidence[:-1])


def test_a_label_that_the_card_has_lost_is_refused() -> None:
    prediction, task, evidence = samples.chest()
    with pytest.raises(NoSuchLabel):
        report(prediction, task=replace(task, labels=task.labels[1:]), evidence=evidence)
