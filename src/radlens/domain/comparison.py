"""Two models on the same held-out cases, as values and as plain JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from radlens.domain.evaluation import Measure, Subject, plain
from radlens.domain.finding import OperatingPoint
from radlens.domain.metrics import Proportion


@dataclass(frozen=True)
class Difference:
    """One figure of two models on the same cases; ``difference`` is the first less the second.

    ``p`` belongs to ``test``, which is named where there is one for this figure.
    """

    first: Measure
    second: Measure
    difference: Measure
    p: float | None = None
    test: str | None = None


@dataclass(frozen=True)
class Matched:
    """Where the first model finds as large a share of a label's cases as the second does.

    ``target`` is what the second finds on the cases that thresholds are chosen on; ``point`` is
    the largest threshold of the first that finds as many there, and what that did on the compared
    cases.
    """

    target: Proportion
    point: OperatingPoint

    @staticmethod
    def of(entries: Mapping[str, Any]) -> "Matched":
        """What ``asdict`` wrote; raises KeyError, TypeError or ValueError for anything else."""
        return Matched(Proportion(**entries["target"]), OperatingPoint.of(entries["point"]))


@dataclass(frozen=True)
class Comparison:
    """Two models on the same cases; what is not measurable for either of them is None.

    ``matched`` has the labels whose thresholds could be matched on the split ``matched_on``; none
    where the dataset has no such split or the largest class is the answer.
    """

    first: Subject
    second: Subject
    whole: Mapping[str, Difference | None]
    labels: Mapping[str, Mapping[str, Difference | None]]
    images: int
    units: int
    resamples: int
    matched: Mapping[str, Matched] = field(default_factory=dict)
    matched_on: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON of all of it."""
        body: dict[str, Any] = plain(asdict(self))
        return body

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> "Comparison":
        """The comparison that ``to_json`` wrote; raises KeyError or TypeError for another."""
        return Comparison(
            Subject(**body["first"]),
            Subject(**body["second"]),
            _differences(body["whole"]),
            {name: _differences(entry) for name, entry in body["labels"].items()},
            body["images"],
            body["units"],
            body["resamples"],
            {name: Matched.of(entry) for name, entry in body.get("matched", {}).items()},
            body.get("matched_on", ""),
        )


def _differences(entries: Mapping[str, Any]) -> dict[str, Difference | None]:
    return {name: None if entry is None else _difference(entry) for name, entry in entries.items()}


def _difference(entry: Mapping[str, Any]) -> Difference:
    first, second, apart = (Measure(**entry[name]) for name in ("first", "second", "difference"))
    return Difference(first, second, apart, entry["p"], entry["test"])
