"""The form of a review: written in the browser, by mouse or keys, and sent once it is signed."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import TypeAdapter, ValidationError

from radlens.domain.audit import Actor
from radlens.domain.errors import BadReview
from radlens.domain.finding import Finding, percent, tier_right
from radlens.domain.prediction import Prediction
from radlens.domain.review import LONGEST, UNDO, Review
from radlens.domain.task import Label, Task
from radlens.ui.wording import by_probability, headline, reported
from radlens.wire_reviews import NewReviewJson

HERE = Path(__file__).parent


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


_form = st.components.v2.component(
    "radlens.review_form",
    html=_part("review_form.html"),
    css=_part("review_form.css"),
    js=_part("shortcuts.js") + _part("review_form.js"),
)
_SENT = TypeAdapter(NewReviewJson)


@dataclass(frozen=True)
class Pressed:
    """What was done in the form just now: the text to sign, or the id of what is taken back."""

    signed: str | None = None
    undone: str | None = None

    @property
    def review(self) -> NewReviewJson:
        """The review that was signed; raises BadReview for what no form of ours has sent."""
        try:
            return _SENT.validate_json(self.signed or "")
        except ValidationError as error:
            raise BadReview("The review did not arrive as it was written.") from error


def write(prediction: Prediction, task: Task, *, turn: int, by: Actor) -> Pressed:
    """Draw the form for a reader; ``turn`` counts the attempts to sign."""
    data = {
        "id": prediction.id,
        "draft": _draft(prediction, by),
        "turn": turn,
        "findings": [_line(*pair) for pair in _pairs(prediction, task)],
        "impression": headline(prediction, task),
        "longest": LONGEST,
    }
    return _drawn(prediction, data)


def take_back(review: Review, prediction: Prediction) -> Pressed:
    """Offer to take a review back, for five seconds from when the browser shows it."""
    left_ms = round(UNDO.total_seconds() * 1000)
    data = {
        "id": prediction.id,
        "draft": _draft(prediction, review.by),
        "turn": 0,
        "signed": review.id,
        "left_ms": left_ms,
    }
    return _drawn(prediction, data)


def _draft(prediction: Prediction, by: Actor) -> str:
    """Under which name a tab keeps what is not signed: it is its reader's alone."""
    return f"radlens.review.{by.name}.{prediction.id}"


def _drawn(prediction: Prediction, data: dict[str, Any]) -> Pressed:
    form = _form(
        key=f"review-{prediction.id}",
        data=data,
        on_sign_change=lambda: None,
        on_undo_change=lambda: None,
    )
    return Pressed(form.sign, form.undo)


def _pairs(prediction: Prediction, task: Task) -> Iterable[tuple[Finding, Label]]:
    """Every finding with its label: the reported, most urgent first, then the most probable."""
    first = reported(prediction, task)
    others = [one for one in by_probability(prediction) if not one.positive]
    return [*first, *((one, task.label(one.label)) for one in others)]


def _line(finding: Finding, label: Label) -> dict[str, Any]:
    said = "reported" if finding.positive else "not reported"
    words = [f"{said}, {percent(finding.probability)}"]
    words += [f"{finding.tier}, {tier_right(finding)}"] if finding.tier else []
    words += [str(label.urgency)] if finding.positive and label.abnormal else []
    return {
        "label": label.name,
        "title": label.title,
        "said": ", ".join(words),
        "reported": finding.positive,
    }
