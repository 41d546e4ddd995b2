"""The cases that wait for a reader: in which order, and in whose hands each of them is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from radlens.domain.prediction import Prediction
from radlens.domain.task import Urgency

# How long a case is its reader's without a sign of life; every look at it is one.
HOLD = timedelta(minutes=30)


class Rank(StrEnum):
    """The urgency of a case; where nothing was reported there is none, which is not routine."""

    CRITICAL = "critical"
    MODERATE = "moderate"
    ROUTINE = "routine"
    UNREPORTED = "nothing reported"


RANKS = tuple(Rank)

# What ``rank`` does, for people; it stands on the page.
RULE = (
    "The most urgent first: by the most urgent finding that the model reported, as the task's "
    "card says (critical, moderate, routine), then cases in which nothing was reported, which "
    "does not mean that nothing is there. An image that the model may not be able to read counts "
    "as moderate at least, a finding whose card is gone as critical. Of one urgency, the oldest "
    "first."
)


def rank(urgencies: Iterable[Urgency | None], *, doubtful: bool) -> Rank:
    """The rank of a case, from the urgencies of what was reported (None: its card is gone)."""
    found = {Rank(urgency) if urgency else Rank.CRITICAL for urgency in urgencies}
    if doubtful:
        found.add(Rank.MODERATE)
    return min(found, key=RANKS.index, default=Rank.UNREPORTED)


class State(StrEnum):
    """Where a case is: with nobody, with a reader, or concluded."""

    WAITING = "waiting"
    IN_REVIEW = "in review"
    VERIFIED = "verified"
    REJECTED = "rejected"


STATES = {
    State.WAITING: "nobody has it",
    State.IN_REVIEW: "a reader has it",
    State.VERIFIED: "signed, with every finding accepted or edited",
    State.REJECTED: "signed, with at least one finding rejected",
}


@dataclass(frozen=True)
class Unlisted:
    """A prediction that is not on the list yet: the labels that it reported, and their card."""

    prediction: str
    task: str
    reported: tuple[str, ...]
    doubtful: bool


@dataclass(frozen=True)
class Case:
    """A prediction on the list. ``reader`` has it until ``lease``; "" and None where nobody does.

    ``outcome`` is None until it is concluded, by ``signer``. ``readings`` is how many readers
    have signed.
    """

    prediction: Prediction
    rank: Rank
    outcome: State | None = None
    signer: str = ""
    readings: int = 0
    reader: str = ""
    lease: datetime | None = None

    def held(self, now: datetime) -> bool:
        """Whether somebody has it."""
        return self.lease is not None and self.lease >= now

    def state(self, now: datetime) -> State:
        """Where it is."""
        return State.IN_REVIEW if self.held(now) else self.outcome or State.WAITING

    def age(self, now: datetime) -> timedelta:
        """How long ago the image was read by the model."""
        return max(now - self.prediction.time, timedelta())


@dataclass(frozen=True)
class Sought:
    """Which cases are asked for: those that fit everything that is given.

    ``reader`` has the case, or has signed it; ``unread_by`` has not read it.
    """

    states: frozenset[State] = frozenset({State.WAITING, State.IN_REVIEW})
    task: str | None = None
    rank: Rank | None = None
    reader: str | None = None
    unread_by: str | None = None


def age_words(age: timedelta) -> str:
    """An age in the unit that says something: ``12 min``, ``3 h``, ``5 days``."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min" if minutes else "< 1 min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
