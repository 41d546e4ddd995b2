"""The gate to promotion: what has to be on record before a version may answer for patients."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import ceil, floor, log
from typing import Any

from radlens.domain.criteria import Criteria
from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Item
from radlens.domain.metrics import Proportion

HELD_OUT = "test"  # the split that no training and no threshold has seen
NEW_LABEL = "new label"  # the name of the condition on a label that the live version lacks
CHANCE = 0.5  # the area under the ROC curve of a coin


class Result(StrEnum):
    """How one condition turned out; ``missing`` where what is on record says nothing of it."""

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
    def sentence(self) -> str:
        """Whether it passes, and why not, in plain words."""
        if self.passed:
            return "It passes the gate."
        return " ".join(("It does not pass the gate.", *self.objections))

    @property
    def unmeasured(self) -> bool:
        """Whether an evaluation or a comparison is what is missing."""
        missing = {check.name for check in self.checks if check.result is Result.MISSING}
        return bool(missing & {"comparison", "evaluation", NEW_LABEL})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for the audit log."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


@dataclass(frozen=True)
class Evidence:
    """What is on record of a version: the ledger's entries and the manifest's parity.

    ``golden`` is why the golden answer did not come, empty where it did. ``new`` are the labels
    that the version knows and the live one does not.
    """

    evaluation: Item | None
    comparison: Item | None
    parity: Mapping[str, float] | None
    golden: str
    new: tuple[str, ...] = ()


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
        *(_learned(criteria, evaluation, label) for label in evidence.new),
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


def _learned(criteria: Criteria, item: Item | None, label: str) -> Check:
    """Whether a label is known that the live version lacks, which no comparison can tell."""
    found = item and item.body["scores"]["labels"].get(label)
    measures: Mapping[str, Any] = found["measures"] if found else {}
    figures: list[Any] = [measures.get(name) for name in ("sensitivity", "specificity", "auroc")]
    if item is None or not found or None in figures:
        words = f"{label}, which the live version does not know, was not measured."
        return Check(NEW_LABEL, Result.MISSING, words, item.id if item else "")
    hit, spared, area = (Measure(**figure) for figure in figures)
    # Images of one patient are no cases of their own, so that each patient counts once.
    units, others = found["positive_units"], min(found["negatives"], item.body["scores"]["units"])
    fewest = _fewest(criteria.least_found), _fewest(1 - criteria.largest_false)
    if units < fewest[0] or others < fewest[1]:
        words = (
            f"{label} is new, and {units} held-out {item.body['subject']['unit']} with it and "
            f"{others} without it are too few to say whether it is known; {fewest[0]} and "
            f"{fewest[1]} are the fewest that can."
        )
        return Check(NEW_LABEL, Result.MISSING, words, item.id)
    right = Proportion(floor(hit.value * units + 1e-9), units)
    wrong = Proportion(ceil((1 - spared.value) * others - 1e-9), others)
    passed = (
        right.at_least >= criteria.least_found
        and wrong.at_most <= criteria.largest_false
        and area.low > CHANCE
    )
    sentence = (
        f"{label} is new: found in {right.hits} of {units} {item.body['subject']['unit']}, with "
        f"95 % confidence in {right.at_least:.0%} or more, and {criteria.least_found:.0%} is asked "
        f"for; reported in {wrong.hits} of {others} others, {wrong.at_most:.0%} at most, and "
        f"{criteria.largest_false:.0%} is let through; its area under the ROC curve is "
        f"{area.value:.2f} (95 % interval {area.low:.2f} to {area.high:.2f}), and {CHANCE} is "
        "chance."
    )
    return Check(NEW_LABEL, Result.PASSED if passed else Result.FAILED, sentence, item.id)


def _fewest(share: float) -> int:
    """The fewest cases that can show such a share with 95 % confidence: all of them have it."""
    return ceil(log(0.05) / log(share))
