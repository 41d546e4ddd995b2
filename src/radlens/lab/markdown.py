"""The two things that every card is written with: a figure with its interval, and a table."""

from collections.abc import Iterable, Mapping

from radlens.domain.evaluation import NOT_MEASURABLE


def said(measure: Mapping[str, float] | None) -> str:
    """``0.731 (0.702 to 0.759)``, or that it is not measurable."""
    if measure is None:
        return NOT_MEASURABLE
    return f"{measure['value']:.3f} ({measure['low']:.3f} to {measure['high']:.3f})"


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(map(str, head)), *(list(map(str, row)) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
