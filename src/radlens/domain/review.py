"""What a reader says of a prediction: each finding accepted, edited or rejected, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from radlens.domain.audit import Actor
from radlens.domain.errors import BadReview, Conflict, NotAllowed
from radlens.domain.prediction import Prediction, canonical
from radlens.domain.task import Mode, Task

UNDO = timedelta(seconds=5)  # from when the reader sees that it is signed
LATE = timedelta(seconds=25)  # how long a slow page or line may take to show and to answer it
LONGEST = (300, 4000)  # characters of a reason and of an impression


class Decision(StrEnum):
    """What a reader does with a finding of the model."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"


@dataclass(frozen=True)
class Opinion:
    """What a reader says of one label: ``present``, or None where the image does not tell.

    ``decision`` is None in a blind opinion, for which there was nothing to decide on yet.
    """

    label: str
    present: bool | None
    decision: Decision | None = None
    reason: str = ""


@dataclass(frozen=True)
class Undo:
    """That a review was taken back by whoever wrote it; the review itself stays on record."""

    review: str
    time: datetime
    by: Actor


@dataclass(frozen=True)
class Review:
    """What one reader said of one prediction, by which model; never changed once it is written.

    ``blind`` are opinions from before the model's answer was shown. ``final`` is the review with
    which the case was concluded, by the rules of its day. ``undone`` came later where it did.
    """

    id: str
    prediction: str
    model: str
    version: str
    time: datetime
    by: Actor
    opinions: tuple[Opinion, ...]
    impression: str = ""
    blind: bool = False
    final: bool = False
    undone: Undo | None = None

    @property
    def standing(self) -> bool:
        """Whether it is a reading that counts: not blind, and not taken back."""
        return not self.blind and self.undone is None

    @property
    def rejected(self) -> bool:
        """Whether a finding of the model was rejected."""
        return any(opinion.decision is Decision.REJECT for opinion in self.opinions)

    def truths(self, answers: Mapping[str, bool]) -> dict[str, bool | None]:
        """What holds by this review; what it does not name is left as the model ``answers``."""
        return {**answers, **{opinion.label: opinion.present for opinion in self.opinions}}


def fingerprint(record: Review | Undo) -> str:
    """SHA-256 over every field, for the audit log: an edited record no longer fits its entry."""
    plain = replace(record, undone=None) if isinstance(record, Review) else record
    return sha256(canonical(plain).encode()).hexdigest()


def decided(prediction: Prediction, task: Task, stated: Sequence[Opinion]) -> tuple[Opinion, ...]:
    """The opinions of a review, in card order; raises BadReview where they do not hold together.

    To accept is to say what the model said, to reject the opposite, to edit anything, and both of
    these need a reason. Every finding that was reported has to be decided on.
    """
    answers = answers_of(prediction)
    opinions = [_settled(opinion, answers) for opinion in _known(stated, answers)]
    named = {opinion.label for opinion in opinions}
    if left := [label for label, positive in answers.items() if positive and label not in named]:
        raise BadReview(f"Nothing is said of a finding that was reported: {', '.join(left)}.")
    if not opinions:
        raise BadReview("Nothing is said of any finding.")
    return _ordered(opinions, task)


def blind(prediction: Prediction, task: Task, stated: Sequence[Opinion]) -> tuple[Opinion, ...]:
    """The opinions that were stated before the model's answer was shown; raises BadReview."""
    opinions = [
        replace(opinion, decision=None, reason=opinion.reason.strip())
        for opinion in _known(stated, answers_of(prediction))
    ]
    if not opinions:
        raise BadReview("A blind opinion says something of at least one label.")
    return _ordered(opinions, task)


def concludes(said: Sequence[Review], answers: Mapping[str, bool], *, readings: int) -> bool:
    """Whether the last of these reviews, oldest first, concludes the case.

    That takes as many readers as the site asks for, of one mind on every label; where they are
    not, the reader after them decides. Later readings amend.
    """
    last = {review.by.name: review for review in said if review.standing}
    if len(last) != readings:
        return len(last) > readings
    first, *others = (review.truths(answers) for review in last.values())
    return all(first == other for other in others)


def answers_of(prediction: Prediction) -> dict[str, bool]:
    """Whether the model reported each label."""
    return {finding.label: finding.positive for finding in prediction.findings}


def final_of(said: Sequence[Review]) -> Review | None:
    """The review that holds, of those of one prediction, oldest first; None while there is none."""
    return next((one for one in reversed(said) if one.final and one.standing), None)


def undoing(review: Review, *, time: datetime, by: Actor) -> Undo:
    """A review taken back; raises NotAllowed, or Conflict where it is too late for that."""
    if review.by.name != by.name:
        raise NotAllowed("A review is taken back by whoever wrote it, and by nobody else.")
    if review.blind:
        raise Conflict(
            "A blind opinion cannot be taken back: the answer may have been seen by now.",
            hint="What you think now belongs into the review.",
        )
    if review.undone or time - review.time > UNDO + LATE:
        raise Conflict(
            "It is too late to take this review back.",
            hint="Take the case again and review it anew; the newer review holds.",
        )
    return Undo(review.id, time, by)


def impression_of(text: str) -> str:
    """An impression as it is kept; raises BadReview where it is too long."""
    if len(text.strip()) > LONGEST[1]:
        raise BadReview(f"An impression has {LONGEST[1]:,} characters at most.")
    return text.strip()


def _known(stated: Sequence[Opinion], answers: Mapping[str, bool]) -> list[Opinion]:
    labels = [opinion.label for opinion in stated]
    if strange := [label for label in labels if label not in answers]:
        raise BadReview(f"The prediction has no label {strange[0][:64]!r}.")
    if len(set(labels)) < len(labels):
        raise BadReview("A label is named twice.")
    if any(len(opinion.reason) > LONGEST[0] for opinion in stated):
        raise BadReview(f"A reason has {LONGEST[0]} characters at most.")
    return list(stated)


def _settled(opinion: Opinion, answers: Mapping[str, bool]) -> Opinion:
    said, reason = answers[opinion.label], opinion.reason.strip()
    if opinion.decision is None:
        raise BadReview(f"{opinion.label}: is it accepted, edited or rejected?")
    if opinion.decision is not Decision.ACCEPT and not reason:
        raise BadReview(f"{opinion.label}: to {opinion.decision} a finding needs a reason.")
    means = {Decision.ACCEPT: said, Decision.REJECT: not said, Decision.EDIT: opinion.present}
    return replace(opinion, present=means[opinion.decision], reason=reason)


def _ordered(opinions: list[Opinion], task: Task) -> tuple[Opinion, ...]:
    present = [opinion.label for opinion in opinions if opinion.present]
    if task.mode is Mode.MULTI_CLASS and len(present) > 1:
        raise BadReview(f"Only one of these can be the answer: {', '.join(present)}.")
    places = {name: place for place, name in enumerate(task.names)}
    return tuple(sorted(opinions, key=lambda opinion: places[opinion.label]))
