"""A document's parts as data: what is said, before how it looks."""

from dataclasses import dataclass

from radlens.domain.evaluation import NOT_MEASURABLE, Measure


@dataclass(frozen=True)
class Part:
    """A heading with words, one table (``head`` empty: none) and pictures, by their files."""

    title: str
    words: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    pictures: tuple[str, ...] = ()


def shown(measure: Measure | None) -> str:
    """``0.731 (0.702 to 0.759)``, or that it is not measurable."""
    if measure is None:
        return NOT_MEASURABLE
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"
