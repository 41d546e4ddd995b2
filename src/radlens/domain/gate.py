"""Is this an image that the model may read? What speaks against it, and what follows from that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

UNCHECKED = "Nothing checked whether this is an image that the model may read."

# What each signal of a network means where it is high. The first is a distance, the others are
# log-odds of this position against the upright one.
MEANINGS = {
    "unlike": "It is unlike the images that the model was made from.",
    "inverted": "It seems to be inverted, black for white.",
    "turned-left": "It seems to be turned by 90 degrees to the left.",
    "upside-down": "It seems to stand on its head.",
    "turned-right": "It seems to be turned by 90 degrees to the right.",
}


class Verdict(StrEnum):
    """What may be done with an image; a refused one gets no findings."""

    ASSESSABLE = "assessable"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"


@dataclass(frozen=True)
class Assessment:
    """A verdict with its reasons, each a sentence in plain words; an assessable image has none."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()

    @staticmethod
    def of(entries: Mapping[str, Any]) -> "Assessment":
        """What ``asdict`` wrote; raises KeyError, TypeError or ValueError where it did not."""
        return Assessment(Verdict(entries["verdict"]), tuple(entries["reasons"]))

    @property
    def sentence(self) -> str:
        """What stands beside the findings."""
        if self.verdict is Verdict.ASSESSABLE:
            return "The image passed the checks of what this model may read."
        said = "It is doubtful" if self.verdict is Verdict.DOUBTFUL else "No:"
        return f"{said} whether the model may read this image. {' '.join(self.reasons)}"


@dataclass(frozen=True)
class Signal:
    """One output of the network: above ``doubtful`` it is told, above ``refused`` it decides."""

    name: str
    doubtful: float
    refused: float


@dataclass(frozen=True)
class Share:
    """How many of the ``images`` of one kind were refused, and how many were doubtful."""

    kind: str
    images: int
    doubtful: int
    refused: int


@dataclass(frozen=True)
class Gate:
    """The input gate of a bundle: thresholds of the network's output ``signals (n, k)``.

    ``golden`` holds the signals that the golden scan must get; ``measured`` what became of images
    of the test split and of other kinds. ``promised`` is the share of images like its training
    images that the distance, and again the positions, refuse at most, at 95 % confidence; 0 where
    a gate promises nothing.
    """

    signals: tuple[Signal, ...]
    golden: tuple[float, ...] = ()
    measured: tuple[Share, ...] = ()
    promised: float = 0.0

    @staticmethod
    def of(entries: Mapping[str, Any]) -> "Gate":
        """What ``asdict`` wrote; raises KeyError, TypeError or ValueError where it did not."""
        gate = Gate(
            tuple(Signal(**signal) for signal in entries["signals"]),
            tuple(map(float, entries["golden"])),
            tuple(Share(**share) for share in entries["measured"]),
            float(entries.get("promised", 0.0)),
        )
        unknown = {signal.name for signal in gate.signals} - MEANINGS.keys()
        if unknown or len(gate.golden) != len(gate.signals):
            raise ValueError("the gate's signals are unknown, or not one golden value for each")
        numbers = [
            gate.promised,
            *gate.golden,
            *(t for s in gate.signals for t in (s.doubtful, s.refused)),
        ]
        if not np.isfinite(numbers).all():
            raise ValueError("the gate holds values that are not numbers")
        return gate

    def assess(self, values: Sequence[float]) -> Assessment:
        """The verdict on one image from its signals, shape (k,).

        Of the positions only the likeliest is named.
        """
        pairs = list(zip(self.signals, values, strict=True))
        likeliest = max((pair for pair in pairs[1:]), key=lambda pair: pair[1], default=None)
        named = pairs[:1] + ([likeliest] if likeliest else [])
        return united(_assess(signal, value) for signal, value in named)


def united(assessments: Iterable[Assessment]) -> Assessment:
    """The strictest verdict with all the reasons; assessable where there are none."""
    found = list(assessments)
    strictest = max((a.verdict for a in found), key=list(Verdict).index, default=Verdict.ASSESSABLE)
    return Assessment(strictest, tuple(reason for a in found for reason in a.reasons))


def _assess(signal: Signal, value: float) -> Assessment:
    if value > signal.refused:
        return Assessment(Verdict.REFUSED, (MEANINGS[signal.name],))
    if value > signal.doubtful:
        return Assessment(Verdict.DOUBTFUL, (MEANINGS[signal.name],))
    return Assessment(Verdict.ASSESSABLE)
