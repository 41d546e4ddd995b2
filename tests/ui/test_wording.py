"""What is said in a line is never more than what is known."""

from dataclasses import replace

import pytest

from radlens.domain.finding import Finding, OperatingPoint, Tier, TierRecord, percent
from radlens.domain.metrics import Proportion
from radlens.ui.markup import Html, safe, table
from radlens.ui.samples import samples
from radlens.ui.wording import headline, listed, reported, tiers
from tests.builders import TASKS, picture, png

TASK = TASKS["chest-xray"]


def finding(label: str, probability: float, *, positive: bool) -> Finding:
    tier = Tier.LOW if positive else None
    return Finding(
        label,
        probability,
        positive=positive,
        tier=tier,
        calibrated=True,
        operating_point=OperatingPoint(0.5),
    )


@pytest.fixture
def answer(site):
    """A prediction with the findings that a test gives it."""
    from radlens.usecases.predict import predict
    from tests.ui.conftest import READER

    made = predict(site, png(picture(1)), task=TASK.name, by=READER.actor)
    return lambda *findings: replace(made, findings=findings)


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0004, "< 0.1 %"), (0.9996, "> 99.9 %"), (0.434, "43.4 %")],
)
def test_what_is_not_certain_is_not_shown_as_certain(probability, text):
    assert percent(probability) == text


def test_no_line_ends_before_a_percent_sign_and_markup_stays_as_it_is():
    assert safe("5 %, then 54.8 % < 60 %") == "5\xa0%, then 54.8\xa0% &lt; 60\xa0%"
    assert '<td data-column="Right"><span>54.8\xa0%</span></td>' in table(
        "Figures", ("Of", "Right"), [("these", "54.8 %")]
    )
    assert safe(Html("<b>5 %</b>")) == "<b>5 %</b>"


def test_the_most_urgent_finding_comes_first_even_when_it_is_less_probable(answer):
    found = reported(
        answer(
            finding("Fibrosis", 0.9, positive=True),
            finding("Edema", 0.6, positive=True),
            finding("Mass", 0.4, positive=False),
        ),
        TASK,
    )
    assert [label.name for _, label in found] == ["Edema", "Fibrosis"]


def test_no_positive_finding_is_a_count_of_what_was_looked_for(answer):
    nothing = answer(finding("Edema", 0.1, positive=False), finding("Mass", 0.2, positive=False))
    assert headline(nothing, TASK) == "2 looked for, none reported"
    assert tiers(nothing) == "none claimed"


def test_a_tier_in_a_list_is_named_once_with_the_record_of_its_most_probable_finding(answer):
    record = OperatingPoint(0.1, tiers=(TierRecord(Tier.LOW, Proportion(9, 30)),))
    found = answer(
        finding("Edema", 0.3, positive=True),
        replace(finding("Mass", 0.4, positive=True), operating_point=record),
        replace(finding("Nodule", 0.7, positive=True), tier=Tier.MODERATE),
    )
    assert tiers(found) == "Moderate, not measured; Low, right in 9 of 30"


def test_a_list_reads_as_a_sentence():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_samples_are_offered_for_their_own_task_only(tmp_path):
    for name in ("chest-average.png", "brain-average.png", "brain-other.png"):
        (tmp_path / name).write_bytes(png(picture()))
    assert [s.path.name for s in samples("chest-xray", tmp_path)] == ["chest-average.png"]
    assert len(samples("brain-tumor", tmp_path)) == 2
    assert samples("neuro-rare", tmp_path) == []
