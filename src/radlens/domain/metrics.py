"""Counts, and how sure one may be of what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

# 97.5th percentile of the standard normal distribution: two-sided 95 %.
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Proportion:
    """``hits`` of ``n``, for instance "right in 46 of 50"; ValueError where that cannot be."""

    hits: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n or self.n < 1:
            raise ValueError(f"{self.hits} of {self.n} is no proportion")

    @property
    def value(self) -> float:
        return self.hits / self.n

    @property
    def interval(self) -> Interval:
        """Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001)."""
        p, n, z = self.value, self.n, Z95
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return Interval(max(0.0, centre - half), min(1.0, centre + half))

    @property
    def at_most(self) -> float:
        """The exact 95 % upper bound: with a larger share so few hits come once in twenty times.

        One-sided (Clopper and Pearson 1934, Biometrika 26).
        """
        low, high = self.value, 1.0
        while high - low > 1e-9 and self.hits < self.n:
            middle = (low + high) / 2
            rare = 1 - binomial_tail(self.hits + 1, self.n, middle) < 0.05
            low, high = (low, middle) if rare else (middle, high)
        return high

    @property
    def at_least(self) -> float:
        """The exact 95 % lower bound: with a smaller share so many hits come once in twenty times.

        One-sided, as ``at_most``.
        """
        return 1 - Proportion(self.n - self.hits, self.n).at_most


def proportion_of(entries: Mapping[str, int] | None) -> Proportion | None:
    """What ``asdict`` wrote, None included; raises TypeError or ValueError where it did not."""
    return None if entries is None else Proportion(**entries)


@dataclass(frozen=True)
class Confusion:
    """What an operating point did on held-out cases, counted."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def sensitivity(self) -> Proportion | None:
        return _of(self.true_positive, self.false_negative)

    @property
    def specificity(self) -> Proportion | None:
        return _of(self.true_negative, self.false_positive)

    @property
    def positive_predictive_value(self) -> Proportion | None:
        return _of(self.true_positive, self.false_positive)

    @property
    def negative_predictive_value(self) -> Proportion | None:
        return _of(self.true_negative, self.false_negative)


def _of(hits: int, misses: int) -> Proportion | None:
    return Proportion(hits, hits + misses) if hits + misses else None


def binomial_tail(hits: int, n: int, p: float) -> float:
    """The exact chance of ``hits`` or more of ``n`` where each has the chance ``p``."""
    if hits <= 0:
        return 1.0
    if hits > n:
        return 0.0
    if not 0 < p < 1:
        return float(p >= 1)
    each = (
        lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p)
        for k in range(hits, n + 1)
    )
    return min(1.0, sum(map(exp, each)))
