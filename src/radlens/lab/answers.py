"""What a model said of cases, beside what is true of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.task import Mode

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Answers:
    """``probabilities`` and ``truth`` (n, labels), calibrated and NaN where unknown.

    ``claimed`` (n, labels) is what was reported at the operating points; ``unit`` (n,) names the
    patient or near-duplicate group of each case.
    """

    probabilities: Array
    truth: Array
    claimed: NDArray[np.bool_]
    unit: NDArray[np.int64]
    labels: tuple[str, ...]
    mode: Mode

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def known(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.truth)

    @property
    def units(self) -> int:
        return len(np.unique(self.unit))

    @property
    def measurable(self) -> NDArray[np.bool_]:
        """The labels with at least one positive and one negative case, shape (labels,)."""
        return np.asarray((self.truth == 1).any(0) & (self.truth == 0).any(0))

    def take(self, which: NDArray[np.int64]) -> "Answers":
        """The answers of the cases at these positions."""
        return Answers(
            self.probabilities[which],
            self.truth[which],
            self.claimed[which],
            self.unit[which],
            self.labels,
            self.mode,
        )
