"""The gate to promotion: what has to be on record before a version may answer for patients."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Item

FIGURES = ("mean_auroc", "accuracy", "balanced_accuracy")
HELD_OUT = "test"  # the split that no training and no threshold has seen


@dataclass(frozen=True)
class Criteria:
    """What a task asks of a version; the table ``[promotion]`` of its card.

    ``figure`` may fall behind the live version's by ``largest_loss`` at most, at the lower end of
    the 95 % interval of their paired difference. ``largest_ece`` bounds the debiased calibration
    error, ``largest_parity`` what the export may differ from the trained network, ``least_units``
    the patients (or groups) that the figures are of. A canary is stopped where its share of
    failures is above ``canary_errors`` or one label's share of changed answers above
    ``canary_changes``, beyond chance.
    """

    figure: str = "mean_auroc"
    largest_loss: float = 0.05
    largest_ece: float = 0.1
    largest_parity: float = 1e-4
    least_units: int = 20
    canary_errors: float = 0.01
    canary_changes: float = 0.2

    def __post_init__(self) -> None:
        if self.figure not in FIGURES:
            raise ValueError(f"the promotion's figure must be one of {', '.join(FIGURES)}")
        bounds = (self.largest_loss, self.largest_ece, self.canary_errors, self.canary_changes)
        if not all(0 <= bound <= 1 for bound in bounds):
            raise ValueError("each bound of the promotion must be from 0 to 1")
        if not 0 <= self.largest_parity < float("inf") or self.least_units < 1:
            raise ValueError("the promotion's parity and least_units must be above zero")


class Result(StrEnum):
    """How one condition turned out; ``missing`` where nothing on record speaks of it."""

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True)
class Check:
    """One condition in a plain sentence with its figures; ``record`` is the entry they are from."""

    name: str
    result: Result
    sentence: str
    record: str = ""


@dataclass(frozen=True)
class Ruling:
    """What the gate says of a version; it passed where every condition did."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.result is Result.PASSED for check in self.checks)

    @property
    def objections(self) -> tuple[str, ...]:
        """What failed or is missing, each a sentence."""
        return tuple(c.sentence for c in self.checks if c.result is not Result.PASSED)

    @property
    def unmeasured(self) -> bool:
        """Whether an evaluation or a comparison is what is missing."""
        missing = {check.name for check in self.checks if check.result is Result.MISSING}
        return bool(missing & {"comparison", "evaluation"})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for the audit log."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


@dataclass(frozen=True)
class Evidence:
    """What is on record of a version: the ledger's entries and the manifest's parity.

    ``golden`` is why the golden answer did not come, empty where it did.
    """

    evaluation: Item | None
    comparison: Item | None
    parity: Mapping[str, float] | None
    golden: str


def judge(criteria: Criteria, evidence: Evidence, *, candidate: str, live: str | None) -> Ruling:
    """Whether the version of digest ``candidate`` may take the place of ``live`` (None: nobody's).

    Only entries of these very digests on the held-out split count.
    """
    evaluation, comparison = evidence.evaluation, evidence.comparison
    if evaluation and not _is_of(evaluation.body["subject"], candidate):
        evaluation = None
    if comparison:
        pair = zip(("first", "second"), (candidate, live), strict=True)
        if not all(_is_of(comparison.body[side], digest) for side, digest in pair):
            comparison = None
    checks = [
        _enough(criteria, evaluation),
        _calibrated(criteria, evaluation),
        _parity(criteria, evidence.parity),
        _golden(evidence.golden),
    ]
    if live is not None:
        checks.insert(0, _compared(criteria, comparison))
    return Ruling(tuple(checks))


def _is_of(subject: Mapping[str, Any], digest: str | None) -> bool:
    return (subject["model_digest"], subject["split"]) == (digest, HELD_OUT)


def _compared(criteria: Criteria, item: Item | None) -> Check:
    name, figure = "comparison", criteria.figure.replace("_", " ")
    if item is None:
        words = f"No comparison with the live version on the held-out split ({HELD_OUT}) is on"
        return Check(name, Result.MISSING, f"{words} record.")
    found = item.body["whole"].get(criteria.figure)
    if found is None:
        return Check(name, Result.MISSING, f"The comparison could not measure {figure}.", item.id)
    apart = Measure(**found["difference"])
    result = Result.PASSED if apart.low >= -criteria.largest_loss else Result.FAILED
    sentence = (
        f"In {figure} it differs from the live version by {apart.value:+.3f} (95 % interval "
        f"{apart.low:+.3f} to {apart.high:+.3f}, {item.body['images']} images); the lower end "
        f"may not be below {-criteria.largest_loss:+.3f}."
    )
    return Check(name, result, sentence, item.id)


def _enough(criteria: Criteria, item: Item | None) -> Check:
    name = "evaluation"
    if item is None:
        words = f"No evaluation on the held-out split ({HELD_OUT}) is on record."
        return Check(name, Result.MISSING, words)
    subject = item.body["subject"]
    if seen := subject.get("trained_on"):
        words = f"{seen} of the images that it was evaluated on were in its training data."
        return Check(name, Result.FAILED, words, item.id)
    units, unit = item.body["scores"]["units"], subject["unit"]
    result = Result.PASSED if units >= criteria.least_units else Result.FAILED
    sentence = (
        f"It was evaluated on {subject['dataset']}, {units} {unit}; at least "
        f"{criteria.least_units} are asked for."
    )
    return Check(name, result, sentence, item.id)


def _calibrated(criteria: Criteria, item: Item | None) -> Check:
    name = "calibration"
    if item is None:
        return Check(name, Result.MISSING, "Its calibration was not measured.")
    found = item.body["scores"]["whole"].get("ece_debiased")
    if found is None:
        words = "The evaluation could not measure its calibration."
        return Check(name, Result.MISSING, words, item.id)
    error = Measure(**found)
    result = Result.PASSED if error.value <= criteria.largest_ece else Result.FAILED
    sentence = (
        f"Its calibration error (debiased) is {error.value:.3f} (95 % interval {error.low:.3f} "
        f"to {error.high:.3f}); at most {criteria.largest_ece:.3f} is let through."
    )
    return Check(name, result, sentence, item.id)


def _parity(criteria: Criteria, parity: Mapping[str, float] | None) -> Check:
    name = "parity"
    if not parity:
        words = "Its manifest does not say how far the export is from the trained network."
        return Check(name, Result.MISSING, words)
    most = max(parity.values())
    result = (
        Result.PASSED
        if all(value <= criteria.largest_parity for value in parity.values())
        else Result.FAILED
    )
    sentence = (
        f"The export is within {most:.1e} of the trained network; at most "
        f"{criteria.largest_parity:.1e} is let through."
    )
    return Check(name, result, sentence)


def _golden(trouble: str) -> Check:
    if trouble:
        return Check("golden", Result.FAILED, trouble)
    return Check(
        "golden", Result.PASSED, "The golden image gets its golden answer on this machine."
    )
