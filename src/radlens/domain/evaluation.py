"""What a model is worth on held-out cases: figures with intervals, as values and as plain JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

NOT_MEASURABLE = "not measurable"
COUNTS = ("positives", "positive_units")  # of a label, in a manifest
WHOLE = "whole"  # what is of no label alone


@dataclass(frozen=True)
class Measure:
    """A figure with its 95 % interval, from ``n`` cases."""

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Measure":
        """A figure from its JSON, which may leave ``n`` out."""
        return cls(entry["value"], entry["low"], entry["high"], entry.get("n", 0))


# By the figure's name; None where it is not measurable: one class is missing, or too few cases.
Measures = Mapping[str, Measure | None]


@dataclass(frozen=True)
class LabelScores:
    """One label against the rest: how many cases say what, and the figures.

    ``positive_units`` is how many patients (or groups) the positives are of: where they are few,
    no interval says anything about other patients.
    """

    positives: int
    negatives: int
    unknown: int
    positive_units: int
    measures: Measures


@dataclass(frozen=True)
class Scores:
    """All figures of one set of answers; ``confusion`` has the truth in rows, by label order.

    ``units`` is how many patients (or near-duplicate groups) the ``images`` are of: they are what
    each of the ``resamples`` draws.
    """

    whole: Measures
    labels: Mapping[str, LabelScores]
    confusion: tuple[tuple[int, ...], ...] | None
    images: int
    units: int
    resamples: int

    def compact(self) -> dict[str, Any]:
        """As a bundle's manifest keeps it: figures by name, those of a label under ``labels``."""
        entries = asdict(self)
        each = {
            name: {key: found[key] for key in COUNTS} | found["measures"]
            for name, found in entries.pop("labels").items()
        }
        body: dict[str, Any] = plain({**entries.pop("whole"), "labels": each, **entries})
        return body


@dataclass(frozen=True)
class Point:
    """A point of a curve, with the 95 % interval of ``y`` where it was drawn again."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Bin:
    """Cases of about one probability: the mean of what was said, and how often it was so."""

    n: int
    said: float
    seen: Measure


@dataclass(frozen=True)
class Cut:
    """What it would do to report a label from a calibrated probability of ``threshold`` on.

    The measures are ``sensitivity``, ``specificity``, and ``positive`` and ``negative``: the
    predictive values where every second case has the label, see ``domain.predictive``.
    """

    threshold: float
    measures: Measures


@dataclass(frozen=True)
class Curves:
    """What is drawn of one label.

    ``roc``: false positive rate and sensitivity. ``precision_recall``: sensitivity and precision.
    ``reliability``: the bins that hold enough cases. ``cuts``: rising; none in older records.
    """

    roc: tuple[Point, ...]
    precision_recall: tuple[Point, ...]
    reliability: tuple[Bin, ...]
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True)
class Subgroup:
    """The figures of one part of the cases; ``too_few`` where they would say nothing.

    ``by`` is what the cases are told apart by, ``value`` what they share; ``counted`` are the
    labels that the mean area is over, the same for all parts that are compared.
    """

    by: str
    value: str
    images: int
    units: int
    too_few: bool
    counted: tuple[str, ...]
    measures: Measures


@dataclass(frozen=True)
class Stress:
    """The figures after one perturbation; ``strength`` 0 is the image as it is, 5 the most.

    ``amount`` is what was done, in the perturbation's own ``unit``.
    """

    perturbation: str
    strength: int
    amount: float
    unit: str
    measures: Measures


@dataclass(frozen=True)
class Failure:
    """One of the worst errors: a confident answer that was wrong.

    ``image`` is the SHA-256 of the stored image, ``picture`` the name of the file with the heat
    map of ``label``; ``kind`` is "false positive" or "false negative".
    """

    image: str
    label: str
    kind: str
    truth: tuple[str, ...]
    probabilities: Mapping[str, float]
    picture: str


@dataclass(frozen=True)
class Subject:
    """What was evaluated on what. ``unit`` says in words what is drawn again: patients, or not.

    ``trained_on`` is how many of the images the model's training or its thresholds have seen;
    None where its training data is not on record here.
    """

    task: str
    model: str
    model_digest: str
    statement: str
    dataset: str
    dataset_id: str
    split: str
    unit: str
    seed: int
    trained_on: int | None = None


@dataclass(frozen=True)
class Evaluation:
    """All that was found out about one model on one split.

    ``risk_coverage``: the share of wrong answers (y) among the surest (x), by label, or of WHOLE
    where one class is the answer; empty in older records.
    """

    subject: Subject
    scores: Scores
    curves: Mapping[str, Curves]
    subgroups: tuple[Subgroup, ...]
    robustness: tuple[Stress, ...]
    failures: tuple[Failure, ...]
    risk_coverage: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON of all of it; what is not measurable is null."""
        body: dict[str, Any] = plain(asdict(self))
        return body

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> "Evaluation":
        """The evaluation that ``to_json`` wrote; raises KeyError or TypeError for another."""
        scores = dict(body["scores"])
        labels = {k: LabelScores(**{**e, **_of(e)}) for k, e in scores.pop("labels").items()}
        rows, whole = scores.pop("confusion"), _measures(scores.pop("whole"))
        confusion = None if rows is None else tuple(map(tuple, rows))
        return Evaluation(
            Subject(**body["subject"]),
            Scores(whole, labels, confusion, **scores),
            {name: _curves(entry) for name, entry in body["curves"].items()},
            tuple(
                Subgroup(**{**entry, "counted": tuple(entry["counted"]), **_of(entry)})
                for entry in body["subgroups"]
            ),
            tuple(Stress(**{**entry, **_of(entry)}) for entry in body["robustness"]),
            tuple(Failure(**{**e, "truth": tuple(e["truth"])}) for e in body["failures"]),
            {name: _points(entry) for name, entry in body.get("risk_coverage", {}).items()},
        )


def plain(value: Any) -> Any:
    """The value with tuples as lists, so that it equals what JSON gives back."""
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def _measures(entries: Mapping[str, Any]) -> Measures:
    return {name: None if entry is None else Measure(**entry) for name, entry in entries.items()}


def _of(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"measures": _measures(entry["measures"])}


def _curves(entry: Mapping[str, Any]) -> Curves:
    bins = tuple(Bin(b["n"], b["said"], Measure(**b["seen"])) for b in entry["reliability"])
    roc, pr = (_points(entry[name]) for name in ("roc", "precision_recall"))
    cuts = tuple(Cut(**{**c, **_of(c)}) for c in entry.get("cuts", ()))
    return Curves(roc, pr, bins, cuts)


def _points(entries: Sequence[Mapping[str, Any]]) -> tuple[Point, ...]:
    return tuple(Point(**point) for point in entries)
