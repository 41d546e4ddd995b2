"""The doors to what readers do: the list of cases, and the reviews."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from radlens.domain.audit import Act
from radlens.domain.review import Review, Undo
from radlens.domain.worklist import Case, Rank, Sought, State, Unlisted


class Worklist(Protocol):
    """The predictions as cases; one of them is in one reader's hands at a time."""

    def unlisted(self, *, limit: int) -> list[Unlisted]:
        """The oldest predictions that are not on the list yet."""
        ...

    def admit(self, ranks: Mapping[str, Rank]) -> None:
        """Put predictions on the list, by their ids; one that is there already stays as it is."""
        ...

    def cases(
        self, sought: Sought, *, now: datetime, limit: int, skip: int = 0
    ) -> tuple[list[Case], Mapping[State, int]]:
        """The cases asked for, the most urgent first, and how many there are in each state.

        Of what was erased there is no case; the counts are of all that is on the list.
        """
        ...

    def case(self, prediction_id: str) -> Case:
        """One case; raises NoSuchPrediction where there is none."""
        ...

    def claim(self, prediction_id: str, act: Act, *, until: datetime, amend: bool = False) -> Case:
        """Give a case into the hands of the act's actor, in one transaction with its entry.

        Whoever has it already keeps it longer, and the log is not told again. Raises Taken where
        another reader has it, Conflict where the actor has read it and another reader has to, or
        where it is concluded and not to be amended.
        """
        ...

    def release(self, prediction_id: str, act: Act) -> None:
        """Take it out of the actor's hands; raises Taken where it is in none of his."""
        ...


class Reviews(Protocol):
    """What readers said; nothing is ever changed or deleted."""

    def add(self, review: Review, act: Act) -> None:
        """Commit a review and its audit entry, which ends the claim; both or neither.

        Raises Taken where the case is not in the reviewer's hands, Erased where its image is
        gone, Conflict for a second blind opinion of one reader.
        """
        ...

    def undo(self, undo: Undo, act: Act, *, until: datetime) -> None:
        """Commit that a review was taken back; its reader has the case again.

        Raises NoSuchReview, or Conflict where it was taken back before or others went on.
        """
        ...

    def get(self, review_id: str) -> Review:
        """One review; raises NoSuchReview."""
        ...

    def of(self, prediction_id: str) -> list[Review]:
        """Everything that was said of a prediction, oldest first, what was taken back as well."""
        ...

    def final(self, task: str) -> Sequence[Review]:
        """The reviews with which cases of a task were concluded, oldest first."""
        ...

    def recorded(self, *, after: int, until: int) -> Mapping[int, str]:
        """The fingerprints of reviews and undos, by the places of their audit entries."""
        ...
