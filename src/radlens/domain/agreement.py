"""How two versions' answers to the same images agree, label by label."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Measure
from radlens.domain.finding import Finding
from radlens.domain.metrics import Z95, Proportion, binomial_tail

Answer = Sequence[Finding]


@dataclass(frozen=True)
class Agreement:
    """One label on the images that both versions read; images count as independent.

    ``both``, ``only_live``, ``only_candidate`` and ``neither`` count who reported it.
    ``difference`` is the mean distance of the two probabilities.
    """

    label: str
    both: int
    only_live: int
    only_candidate: int
    neither: int
    difference: Measure

    @property
    def n(self) -> int:
        return self.both + self.only_live + self.only_candidate + self.neither

    @property
    def live(self) -> Proportion:
        """How often the live version reports it: its alarms."""
        return Proportion(self.both + self.only_live, self.n)

    @property
    def candidate(self) -> Proportion:
        """How often the candidate reports it."""
        return Proportion(self.both + self.only_candidate, self.n)

    @property
    def changed(self) -> Proportion:
        """How often one reports it and the other does not."""
        return Proportion(self.only_live + self.only_candidate, self.n)

    @property
    def kappa(self) -> Measure | None:
        """Cohen's kappa (1960), its interval by Fleiss, Cohen and Everitt (1969).

        None where it says nothing: both report it always, or never.
        """
        n = self.n
        cells = ((self.both / n, self.only_live / n), (self.only_candidate / n, self.neither / n))
        rows = [sum(row) for row in cells]
        cols = [cells[0][j] + cells[1][j] for j in (0, 1)]
        seen, chance = (
            cells[0][0] + cells[1][1],
            sum(r * c for r, c in zip(rows, cols, strict=True)),
        )
        if chance >= 1:
            return None
        value = (seen - chance) / (1 - chance)
        agreed = sum(cells[i][i] * (1 - (rows[i] + cols[i]) * (1 - value)) ** 2 for i in (0, 1))
        apart = (1 - value) ** 2 * sum(
            cells[i][1 - i] * (cols[i] + rows[1 - i]) ** 2 for i in (0, 1)
        )
        variance = (agreed + apart - (value - chance * (1 - value)) ** 2) / (n * (1 - chance) ** 2)
        half = Z95 * sqrt(max(variance, 0.0))
        return Measure(value, max(-1.0, value - half), min(1.0, value + half), n)

    @property
    def p(self) -> float:
        """Two-sided exact p that both report it equally often (McNemar 1947; binomial)."""
        apart = self.only_live + self.only_candidate
        most = max(self.only_live, self.only_candidate)
        return min(1.0, 2 * binomial_tail(most, apart, 0.5))


def agreements(pairs: Sequence[tuple[Answer, Answer]]) -> tuple[Agreement, ...]:
    """One agreement a label, in card order, from what live and candidate said of each image.

    A label that the card got after one of them was made is never reported by that one.
    """
    if not pairs:
        return ()
    labels = [finding.label for finding in max(pairs[0], key=len)]
    told = [[_padded(one, len(labels)) for one in pair] for pair in pairs]
    positive = np.array([[[found[0] for found in one] for one in pair] for pair in told])
    said = np.array([[[found[1] for found in one] for one in pair] for pair in told])
    live, candidate = positive[:, 0], positive[:, 1]
    apart = np.abs(said[:, 0] - said[:, 1])
    cells = [live & candidate, live & ~candidate, candidate & ~live, ~(live | candidate)]
    both, only_live, only_candidate, neither = (cell.sum(0).tolist() for cell in cells)
    return tuple(
        Agreement(
            label,
            both[i],
            only_live[i],
            only_candidate[i],
            neither[i],
            _mean(apart[:, i]),
        )
        for i, label in enumerate(labels)
    )


def changed_labels(live: Answer, candidate: Answer) -> tuple[str, ...]:
    """The labels that one of the two reports and the other does not."""
    reported = [{finding.label for finding in one if finding.positive} for one in (live, candidate)]
    changed = reported[0] ^ reported[1]
    return tuple(f.label for f in max(live, candidate, key=len) if f.label in changed)


def _padded(answer: Answer, labels: int) -> list[tuple[bool, float]]:
    said = [(finding.positive, finding.probability) for finding in answer]
    return said + [(False, 0.0)] * (labels - len(said))


def _mean(distances: NDArray[np.float64]) -> Measure:
    """The mean with its interval by the normal approximation, never below zero."""
    n, value = len(distances), float(distances.mean())
    half = Z95 * float(distances.std(ddof=1)) / sqrt(n) if n > 1 else float("inf")
    return Measure(value, max(0.0, value - half), min(1.0, value + half), n)
