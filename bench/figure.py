"""One figure beside its goal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


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


def show(table: Iterable[Figure], only: list[str]) -> None:
    """Print every figure as it is measured, or only those whose names are given."""
    for figure in table:
        if not only or figure.name in only:
            print(figure.line(), flush=True)
