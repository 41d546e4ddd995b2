"""One figure beside its goal."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from traceback import print_exc
from typing import TypeVar

Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Figure:
    name: str
    goal: str
    measure: Callable[[], float]

    def line(self) -> str:
        value = self.measure()
        sign, bound = self.goal[:2], float(self.goal[2:])
        met = value <= bound if sign == "<=" else value >= bound
        return f"{self.name} {value:.3f} {self.goal} {'ok' if met else 'short'}"


def once(run: Callable[[], Measured]) -> Callable[[], Measured]:
    """A run that several figures share: made when the first asks, and never again if it fails."""
    left, kept = iter([run]), list[Measured]()

    def measured() -> Measured:
        kept.extend(only() for only in left)
        if not kept:
            raise RuntimeError("the run that this figure shares with others has failed")
        return kept[0]

    return measured


def show(table: Iterable[Figure], only: list[str]) -> int:
    """Print every figure as it is measured, or only those whose names are given.

    Gives how many could not be measured; their lines say so, and the others follow.
    """
    failed = 0
    for figure in table:
        if only and figure.name not in only:
            continue
        try:
            print(figure.line(), flush=True)
        except Exception:  # one figure must not take the others with it
            print(f"{figure.name} failed {figure.goal}", flush=True)
            print_exc(file=sys.stderr)
            failed += 1
    return failed
