"""Side by side, interleaved, medians: ratios that hold on shared and noisy machines."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

Work = Callable[[], object]


def seconds(work: Work, clock: Callable[[], float] = perf_counter) -> float:
    """How long one call takes."""
    start = clock()
    work()
    return clock() - start


def medians(*works: Work, repeats: int, clock: Callable[[], float] = perf_counter) -> list[float]:
    """The median seconds of each work, called in turns after one call to warm up."""
    for work in works:
        work()
    rounds = [[seconds(work, clock) for work in works] for _ in range(repeats)]
    return [median(times) for times in zip(*rounds, strict=True)]
