"""The gate of synthetic images: which classes of them may be trained on."""

from collections.abc import Mapping
from dataclasses import dataclass

from radlens.domain.evaluation import Measure
from radlens.domain.ledger import Item
from radlens.domain.promotion import Check, Result
from radlens.domain.study import Verdict

# Frechet distance to held-out images, over that of as many real training images.
LARGEST_RATIO = 3.0
# What share may be copies, at the upper end of its 95 % interval, and how many of the ten copies
# that an assessment plants its search has to find.
LARGEST_SHARE, LEAST_CAUGHT = 0.01, 9
# The features that decide: those of the network that is to learn from the images.
DECIDING = "classifier"
HOW = "`radlens synth assess DATASET --against REAL` measures it."


@dataclass(frozen=True)
class Utility:
    """What synthetic images of one class did to a classifier, and the ``record`` that says so."""

    verdict: Verdict
    difference: Measure
    record: str


@dataclass(frozen=True)
class Release:
    """Whether the synthetic images of one class may be trained on, and why.

    Fidelity and copies have to be measured and passed. What is known of their use decides only
    where it harmed: measuring it takes a training with them.
    """

    label: str
    checks: tuple[Check, ...]

    @property
    def released(self) -> bool:
        return all(
            check.result is Result.PASSED
            or (check.name == "utility" and check.result is Result.MISSING)
            for check in self.checks
        )

    @property
    def sentence(self) -> str:
        """Released or blocked, and the reasons in plain words."""
        if self.released:
            return f"{self.label} is released. " + " ".join(c.sentence for c in self.checks)
        reasons = (c.sentence for c in self.checks if c.result is Result.FAILED)
        missing = (c.sentence for c in self.checks if c.result is Result.MISSING)
        return f"{self.label} is blocked. " + " ".join([*reasons, *missing])


def release(
    assessment: Item | None, dataset: str, labels: tuple[str, ...], utility: Mapping[str, Utility]
) -> dict[str, Release]:
    """By label whether the synthetic images of the dataset of this id may be trained on.

    ``assessment`` is of this dataset, or of the one that this is without its copies.
    """
    copies = _copies(assessment, dataset)
    return {
        label: Release(label, (_fidelity(assessment, label), copies, _useful(utility.get(label))))
        for label in labels
    }


def _fidelity(assessment: Item | None, label: str) -> Check:
    name = "fidelity"
    if assessment is None:
        return Check(name, Result.MISSING, f"How near they are to real images is unknown; {HOW}")
    measures = assessment.body["classes"][label]["fidelity"][DECIDING]
    if not (found := measures.get("fid_ratio")):
        counts = assessment.body["classes"][label]["images"]
        words = (
            f"Its images are too few to measure how near they are to real ones ({counts['made']} "
            f"synthetic, {counts['train']} training, {counts['held_out']} held-out)."
        )
        return Check(name, Result.MISSING, words, assessment.id)
    ratio = Measure(**found)
    result = Result.PASSED if ratio.value <= LARGEST_RATIO else Result.FAILED
    sentence = (
        f"They are {ratio.value:.2f} times as far from held-out real images as real training "
        f"images are (Frechet distance, 95 % interval {ratio.low:.2f} to {ratio.high:.2f}, "
        f"{ratio.n} images); at most {LARGEST_RATIO:g} times is let through."
    )
    return Check(name, result, sentence, assessment.id)


def _copies(assessment: Item | None, dataset: str) -> Check:
    name = "copies"
    if assessment is None:
        return Check(name, Result.MISSING, f"Nobody looked for copies of training images; {HOW}")
    found = assessment.body["copies"]
    rate, caught = found["rate"], found["control"]
    if caught["caught"] < LEAST_CAUGHT:
        words = (
            f"The search found {caught['caught']} of {caught['planted']} copies that were planted, "
            "so that it cannot be relied on."
        )
        return Check(name, Result.FAILED, words, assessment.id)
    if rate["hits"] and assessment.body["without_copies"] != dataset:
        words = (
            f"{rate['hits']} of its {rate['n']} images repeat a training image; the version "
            "without them is on record."
        )
        return Check(name, Result.FAILED, words, assessment.id)
    result = Result.PASSED if rate["at_most"] <= LARGEST_SHARE else Result.FAILED
    sentence = (
        f"{rate['hits']} of {rate['n']} images of the generator repeat a training image, at most "
        f"{rate['at_most']:.2%} with 95 % confidence; {LARGEST_SHARE:.0%} is let through."
    )
    if result is Result.FAILED and not rate["hits"]:
        sentence += " More images have to be assessed: 299 without a copy are enough."
    return Check(name, result, sentence, assessment.id)


def _useful(found: Utility | None) -> Check:
    name = "utility"
    if found is None:
        words = "Whether they help a classifier was not measured; `radlens study` measures it."
        return Check(name, Result.MISSING, words)
    result = Result.FAILED if found.verdict is Verdict.HARMED else Result.PASSED
    apart = found.difference
    sentence = (
        f"They {found.verdict}: {apart.value:+.3f} (95 % interval {apart.low:+.3f} to "
        f"{apart.high:+.3f})."
    )
    return Check(name, result, sentence, found.record)
