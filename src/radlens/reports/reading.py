"""What a reader made of an answer, in words: preliminary or final, signed by whom, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from radlens.domain.prediction import Prediction
from radlens.domain.review import Decision, Opinion, Review, answers_of, final_of
from radlens.domain.task import Task

DONE = {Decision.ACCEPT: "accepted", Decision.EDIT: "edited", Decision.REJECT: "rejected"}
HOLDS = {True: "present", False: "absent", None: "cannot be told"}


@dataclass(frozen=True)
class Decided:
    """One finding: what the model said, what the reader did with it, what holds, and why."""

    title: str
    model: str
    done: str
    holds: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What is said of the review; without a signature there are no rows and no impression."""

    status: str
    final: bool = False
    impression: str = ""
    rows: tuple[Decided, ...] = ()


def reading(said: Sequence[Review], prediction: Prediction, task: Task) -> Reading:
    """The state of a report, from all that was said of its prediction, oldest first."""
    signed = final_of(said)
    if signed is None:
        return Reading(_preliminary([review.by.name for review in said if review.standing]))
    verdict = "at least one finding rejected" if signed.rejected else "no finding rejected"
    readers = list(dict.fromkeys(review.by.name for review in said if review.standing))
    others = [name for name in readers if name != signed.by.name]
    also = f" Also read by {', '.join(others)}." if others else ""
    answers = answers_of(prediction)
    return Reading(
        status=(
            f"Final: signed by {signed.by.name} on {signed.time:%Y-%m-%d %H:%M %Z}, "
            f"{verdict}.{also}"
        ),
        final=True,
        impression=signed.impression,
        rows=tuple(_decided(one, task, reported=answers[one.label]) for one in signed.opinions),
    )


def _preliminary(readers: list[str]) -> str:
    if not readers:
        return "Preliminary: no reader has signed. What follows is the answer of the model alone."
    return f"Preliminary: read by {', '.join(dict.fromkeys(readers))}; another reader has to sign."


def _decided(opinion: Opinion, task: Task, *, reported: bool) -> Decided:
    return Decided(
        title=task.label(opinion.label).title,
        model="reported" if reported else "not reported",
        done=DONE[opinion.decision] if opinion.decision else "",
        holds=HOLDS[opinion.present],
        reason=opinion.reason,
    )
