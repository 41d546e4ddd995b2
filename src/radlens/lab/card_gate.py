"""The part of a card on which images a model reads, and what became of those it should not."""

from collections.abc import Mapping
from typing import Any

from radlens.domain.gate import MEANINGS, Gate
from radlens.domain.metrics import Proportion
from radlens.lab.markdown import table


def gate_part(record: Mapping[str, Any]) -> list[str]:
    """A section from a run's record; nothing where the record is older than the gate."""
    if not record.get("gate"):
        return []
    gate = Gate.of(record["gate"])
    signals = [
        (s.name, MEANINGS[s.name], f"{s.doubtful:.3f}", f"{s.refused:.3f}") for s in gate.signals
    ]
    kinds = [
        (s.kind, s.images, s.doubtful, s.refused, _interval(s.refused, s.images))
        for s in gate.measured
    ]
    parts = [
        "## Input gate",
        "An image that is refused gets no findings; a doubtful one gets them with the reason. "
        f"Fitted on train, thresholds {_thresholds(gate)}. What became of the test split, of its "
        "images inverted and turned, and of images of other kinds:",
        table(("images", "n", "doubtful", "refused", "share refused (95 % interval)"), kinds),
        table(("signal", "meaning", "doubtful above", "refused above"), signals),
    ]
    return ["\n\n".join(parts)]


def _thresholds(gate: Gate) -> str:
    if not gate.promised:
        return "from validation"
    return (
        "from images of train and validation that the fit had not seen: of such images the "
        f"distance refuses at most {gate.promised:.0%}, and so do the positions, at 95 % confidence"
    )


def _interval(hits: int, n: int) -> str:
    bounds = Proportion(hits, n).interval
    return f"{hits / n:.3f} ({bounds.low:.3f} to {bounds.high:.3f})"
