"""Training images that a bundle remembers by their features, and those most alike to an image."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import BadBundle
from radlens.domain.finding import Finding, counted
from radlens.domain.metrics import Proportion, proportion_of
from radlens.domain.task import Task

NEAREST = 5
MOST = NEAREST // 2 + 1
# A safetensors file: the length of its header, the header as JSON, then the tensors end to end.
LENGTH, LONGEST = 8, 10_000
KINDS: Mapping[str, tuple[str, np.dtype[Any]]] = {
    "features": ("F16", np.dtype("<f2")),
    "truth": ("U8", np.dtype("u1")),
}
# How far from one the length of features that were stored in 16 bits may be.
ROUNDED = 0.01
NO_OPINION = (
    "Alike means alike to this network, which is not alike to a radiologist: the images stand "
    "where the network puts them, also where it errs, and are no second opinion."
)


@dataclass(frozen=True)
class KnownCase:
    """A training image: what it was labelled with (nothing: no label of the card), and its cosine
    with the image that was read."""

    labels: tuple[str, ...]
    likeness: float


@dataclass(frozen=True)
class Alike:
    """The training images most alike to an image, nearest first, of the ``among`` remembered ones.

    On held-out images most of the nearest carried the answer's label for ``right`` of the right
    answers and ``wrong`` of the wrong ones; None where there was no such answer.
    """

    cases: tuple[KnownCase, ...]
    among: int
    right: Proportion | None
    wrong: Proportion | None

    @staticmethod
    def of(entries: Mapping[str, Any]) -> "Alike":
        """What ``asdict`` wrote; raises KeyError, TypeError or ValueError where it did not."""
        cases = tuple(KnownCase(tuple(e["labels"]), e["likeness"]) for e in entries["cases"])
        shares = (proportion_of(entries[name]) for name in ("right", "wrong"))
        return Alike(cases, entries["among"], *shares)

    def carrying(self, label: str) -> int:
        """How many of the nearest were labelled with it."""
        return sum(label in case.labels for case in self.cases)


@dataclass(frozen=True, eq=False)
class KnownCases:
    """``features`` (n, channels) float32 of length one, ``truth`` (n, labels), of n images.

    ``right`` and ``wrong`` as in ``Alike``.
    """

    features: NDArray[np.float32]
    truth: NDArray[np.bool_]
    labels: tuple[str, ...]
    right: Proportion | None = None
    wrong: Proportion | None = None

    @staticmethod
    def of(
        content: bytes, labels: tuple[str, ...], measured: Mapping[str, Any] | None
    ) -> "KnownCases":
        """From a safetensors file of the two tensors and nothing else; raises BadBundle."""
        try:
            tensors = _tensors(content)
            features, truth = tensors["features"].astype(np.float32), tensors["truth"]
            shares = [proportion_of((measured or {}).get(name)) for name in ("right", "wrong")]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadBundle("The bundle's known cases cannot be read.") from error
        lengths = np.linalg.norm(features, axis=1) if features.ndim == 2 else np.zeros(0)
        if (
            truth.shape != (len(lengths), len(labels))
            or len(lengths) < NEAREST
            or not (np.abs(lengths - 1) < ROUNDED).all()
            or not (truth <= 1).all()
        ):
            raise BadBundle("The bundle's known cases are not features with a truth for each.")
        return KnownCases(features / lengths[:, None], truth == 1, labels, *shares)

    def nearest(self, features: NDArray[np.floating]) -> tuple[NDArray[np.intp], Any]:
        """Positions and cosines (n, NEAREST) of those most alike to features (n, channels)."""
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        cosines = features / np.maximum(lengths, np.finfo(np.float32).tiny) @ self.features.T
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :NEAREST]
        return order, np.take_along_axis(cosines, order, 1)

    def alike(self, features: NDArray[np.floating]) -> Alike:
        """Those most alike to one image by its features (channels,)."""
        order, cosines = self.nearest(features[None])
        cases = tuple(
            KnownCase(self._said(int(at)), round(float(cosine), 4))
            for at, cosine in zip(order[0], cosines[0], strict=True)
        )
        return Alike(cases, len(self.features), self.right, self.wrong)

    def _said(self, at: int) -> tuple[str, ...]:
        return tuple(name for name, is_so in zip(self.labels, self.truth[at], strict=True) if is_so)


def case_words(case: KnownCase, task: Task) -> str:
    """What one of the nearest was labelled with, and how near it is."""
    titles = ", ".join(task.label(label).title for label in case.labels)
    return f"{titles or 'nothing that was looked for'}, likeness {case.likeness:.2f}"


def alike_sentences(alike: Alike, findings: tuple[Finding, ...], task: Task) -> tuple[str, ...]:
    """What the nearest were labelled with, in plain words, then what that is worth."""
    n = len(alike.cases)
    of = f"Of the {n} most alike training images"
    answers = [finding.label for finding in findings if finding.tier]
    lines = [f"{of} {alike.carrying(a)} were labelled {task.label(a).title}." for a in answers]
    if not answers:
        free = sum(not case.labels for case in alike.cases)
        lines = [f"{of} {free} were labelled with nothing that was looked for."]
    return (*lines, _measured(alike), NO_OPINION)


def _measured(alike: Alike) -> str:
    """How often most of the nearest carry an answer's label, where it is right and where not."""
    said = [
        counted(share, of=f"held-out answers that were {word}")
        for word, share in (("right", alike.right), ("wrong", alike.wrong))
        if share
    ]
    if not said:
        return "How often the most alike carry the right label has not been measured."
    return f"Most of the {NEAREST} carried the answer's label for {', and for '.join(said)}."


def _tensors(content: bytes) -> dict[str, NDArray[Any]]:
    """The tensors of ``KINDS``, which fill the file; raises ValueError, KeyError or TypeError."""
    length = int.from_bytes(content[:LENGTH], "little")
    if not 0 < length <= LONGEST:
        raise ValueError("this header is none")
    header, data = json.loads(content[LENGTH : LENGTH + length]), content[LENGTH + length :]
    if header.keys() != KINDS.keys():
        raise ValueError("there are other things inside")
    found, ends = {}, {}
    for name, (kind, dtype) in KINDS.items():
        (start, end), shape = header[name]["data_offsets"], header[name]["shape"]
        if header[name]["dtype"] != kind or len(shape) != 2 or min(start, end, *shape) < 0:
            raise ValueError("a tensor is of another kind")
        found[name] = np.frombuffer(data[start:end], dtype).reshape(shape)
        ends[start] = end
    if ends.get(ends.get(0, -1)) != len(data):
        raise ValueError("the tensors do not fill the file")
    return found
