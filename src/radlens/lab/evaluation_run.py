"""``radlens evaluate``: one model on one split, and where asked beside another, on record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from radlens.domain.comparison import Comparison
from radlens.domain.dataset import VAL, Dataset, Image
from radlens.domain.errors import BadInput
from radlens.domain.evaluation import Evaluation, Stress, Subject
from radlens.domain.task import Task
from radlens.lab.answers import Answers
from radlens.lab.compare import compare, shared
from radlens.lab.curves import curves
from radlens.lab.dataset import find_dataset
from radlens.lab.duplicates import grouped
from radlens.lab.evaluate import evaluate
from radlens.lab.evaluation_item import Outcome, compared, evaluated
from radlens.lab.failures import failures
from radlens.lab.matching import Pair, matching
from radlens.lab.progress import Bars, bar, progress
from radlens.lab.robustness import robustness
from radlens.lab.selective import risk_coverage
from radlens.lab.subgroups import subgroups
from radlens.lab.subject import ask, find_model, images_of, subject_of
from radlens.model_ports import Engine
from radlens.ports import Site


@dataclass(frozen=True)
class Plan:
    """What is asked for: a split, a second model to compare with, the stress test, the chance."""

    split: str = "test"
    against: str | None = None
    robustness: bool = True
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Reading:
    """Models, the images that all of them read, and what each said.

    ``grouped`` is the dataset with its near-duplicates together.
    """

    engines: list[Engine]
    task: Task
    dataset: Dataset
    grouped: Dataset
    images: list[Image]
    answers: list[Answers]

    def shared(self, answers: list[Answers]) -> list[Answers]:
        """The answers as far as they are about labels that every model knows."""
        known = min(len(engine.manifest.labels) for engine in self.engines)
        return [shared(of_one, known) for of_one in answers]


def run_evaluation(
    site: Site, model: str, dataset: str, plan: Plan, told: Bars | None = None
) -> list[Outcome]:
    """The evaluation of ``model``, and where ``plan.against`` names another their comparison.

    Whoever is ``told`` hears how far it is. Both are put on record when all is done. Raises
    BadBundle, NoLiveModel, NoSuchItem or BadDataset, and then nothing is.
    """
    began = site.clock()
    with progress() as shown:
        bars = told or partial(bar, shown)
        reading = _read(site, (model, plan.against), dataset, plan.split, bars)
        subjects = [
            subject_of(site, engine, reading.dataset, split=plan.split, seed=plan.seed)
            for engine in reading.engines
        ]
        found, pictures = _evaluation(site, reading, subjects[0], plan, bars)
        outcomes = [evaluated(site, found, reading.task, pictures, began)]
        if len(subjects) == 2:
            first, second = reading.shared(reading.answers)
            paired = compare(first, second, subjects=(subjects[0], subjects[1]), seed=plan.seed)
            paired = _with_thresholds(site, reading, paired, plan, bars)
            outcomes.append(compared(site, paired, reading.task, outcomes[0].item.id, began))
    for outcome in outcomes:
        site.ledger.put(outcome.item)
    return outcomes


def _read(
    site: Site, models: tuple[str | None, ...], dataset: str, split: str, bars: Bars
) -> Reading:
    engines = [find_model(site, name) for name in models if name is not None]
    if len({engine.ref.digest for engine in engines}) < len(engines):
        raise BadInput("A model does not differ from itself.", hint="Name two bundles.")
    names = {engine.manifest.task for engine in engines}
    if len(names) > 1:
        raise BadInput(
            f"The models are for different tasks, {' and '.join(sorted(names))}.",
            hint="Two models are compared on one dataset of one task.",
        )
    task = site.tasks[names.pop()]
    data = find_dataset(site, dataset, task=task, seen=bars("importing"))
    images_of(data, split)  # before the long work of looking for near-duplicates
    apart = grouped(site.blobs, data, bars("looking for near-duplicates"))
    images = images_of(apart, split)
    answers = ask(engines, site.blobs, images, task=task, seen=bars("reading"))
    return Reading(engines, task, data, apart, images, answers)


def _with_thresholds(
    site: Site, reading: Reading, paired: Comparison, plan: Plan, bars: Bars
) -> Comparison:
    """The comparison with the first model's thresholds at the second's sensitivity.

    They are chosen on validation cases: unchanged where the dataset has none beside the split.
    """
    if plan.split == VAL or VAL not in reading.grouped.splits:
        return paired
    images = images_of(reading.grouped, VAL)
    seen = bars("reading validation cases")
    told = ask(reading.engines, site.blobs, images, task=reading.task, seen=seen)
    matched = matching(
        Pair(*reading.shared(told)),
        Pair(*reading.shared(reading.answers)),
        calibrated=reading.engines[0].manifest.calibration.fitted,
        seed=plan.seed,
    )
    return replace(paired, matched=matched, matched_on=VAL if matched else "")


def _evaluation(
    site: Site, reading: Reading, subject: Subject, plan: Plan, bars: Bars
) -> tuple[Evaluation, Mapping[str, bytes]]:
    """All figures of the first model, and the pictures of its worst errors."""
    engine, images, answers = reading.engines[0], reading.images, reading.answers[0]
    stressed: tuple[Stress, ...] = ()
    if plan.robustness:
        seen = bars("perturbing")
        stressed = robustness(
            engine, site.blobs, images, task=reading.task, seed=plan.seed, seen=seen
        )
    bars("intervals and figures")
    worst, pictures = failures(engine, site.blobs, images, answers)
    found = Evaluation(
        subject=subject,
        scores=evaluate(answers, seed=plan.seed),
        curves=curves(answers, seed=plan.seed),
        subgroups=subgroups(answers, [image.about for image in images], seed=plan.seed),
        robustness=stressed,
        failures=worst,
        risk_coverage=risk_coverage(answers, seed=plan.seed),
    )
    return found, pictures
