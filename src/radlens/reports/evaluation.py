"""Every word of an evaluation's card, made from its record and from nothing else."""

from collections.abc import Sequence

from radlens.domain.evaluation import Evaluation, Failure, Stress, Subject
from radlens.domain.finding import percent
from radlens.domain.task import Mode, Task
from radlens.reports.part import Part, shown

NAMES = {
    "mean_auroc": "Mean AUROC",
    "mean_average_precision": "Mean average precision",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "weighted_f1": "Weighted F1",
    "brier": "Brier score",
    "ece": "Calibration error (ECE)",
    "ece_debiased": "Calibration error, debiased",
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
}
RANKED = ("auroc", "average_precision", "brier", "ece_debiased")
DECIDED = ("sensitivity", "specificity", "precision", "f1", "balanced_accuracy")
CURVES = ("figures/roc.png", "figures/precision-recall.png", "figures/risk-coverage.png")
FEW_UNITS = 5  # positives of fewer patients: nothing is said about other patients
PICTURED = 12  # of the worst errors; the record holds all


def evaluation_parts(
    evaluation: Evaluation, task: Task, *, pictures: Sequence[str]
) -> tuple[Part, ...]:
    """The card from top to bottom; ``pictures`` are the files that there are."""
    found = (
        Part("What was measured", (evaluation.subject.statement,), ("", ""), _facts(evaluation)),
        _whole(evaluation, task),
        _ranked(evaluation, task),
        _decided(evaluation, task),
        Part("Curves", pictures=CURVES),
        _calibration(),
        Part("Answers", _answers(task), pictures=("figures/confusion.png",)),
        _subgroups(evaluation),
        _robustness(evaluation.robustness),
        _failures(evaluation, task),
        _method(evaluation, task),
    )
    there = set(pictures)
    kept = [
        Part(p.title, p.words, p.head, p.rows, tuple(name for name in p.pictures if name in there))
        for p in found
    ]
    return tuple(part for part in kept if part.rows or part.pictures or part.title == "Method")


def subject_rows(subject: Subject) -> tuple[tuple[str, str], ...]:
    """What was evaluated on what."""
    return (
        ("Model", f"{subject.task} {subject.model}"),
        ("Model, SHA-256", subject.model_digest),
        ("Dataset", f"{subject.dataset}, split {subject.split}"),
        ("Dataset, SHA-256", subject.dataset_id),
        ("Seen in training", _seen(subject.trained_on)),
    )


def _seen(images: int | None) -> str:
    if images is None:
        return "not known: its training data is not on record here"
    return f"{images} of the images" if images else "none of the images"


def _facts(evaluation: Evaluation) -> tuple[tuple[str, str], ...]:
    subject, scores = evaluation.subject, evaluation.scores
    return (
        *subject_rows(subject),
        ("Cases", f"{scores.images} images of {scores.units} {subject.unit}"),
        ("Intervals", f"95 %, {scores.resamples} bootstrap resamples, seed {subject.seed}"),
    )


def _whole(evaluation: Evaluation, task: Task) -> Part:
    means = "" if task.mode is Mode.MULTI_CLASS else "Each is the mean over the labels."
    whole = evaluation.scores.whole
    rows = tuple((words, shown(whole[name])) for name, words in NAMES.items() if name in whole)
    return Part("Results", (means,) if means else (), ("", "value (95 % interval)"), rows)


def _ranked(evaluation: Evaluation, task: Task) -> Part:
    """How many cases of each label there are, and what its probabilities are worth."""
    rows = tuple(
        (
            task.label(name).title,
            f"{scores.positives} of {scores.positives + scores.negatives}",
            str(scores.positive_units),
            *(shown(scores.measures[key]) for key in RANKED),
        )
        for name, scores in evaluation.scores.labels.items()
    )
    head = ("label", "positive", *_head("of", RANKED))
    words = (
        f"“of” is how many {evaluation.subject.unit} the positive images are of.",
        *_warned(evaluation, task),
    )
    return Part("Each label against the rest", words, head, rows, ("figures/labels.png",))


def _decided(evaluation: Evaluation, task: Task) -> Part:
    rows = tuple(
        (task.label(name).title, *(shown(scores.measures[key]) for key in DECIDED))
        for name, scores in evaluation.scores.labels.items()
    )
    return Part("Each label at its operating point", (), _head("label", DECIDED), rows)


def _head(first: str, names: Sequence[str]) -> tuple[str, ...]:
    return (first, *(NAMES[name] for name in names))


def _warned(evaluation: Evaluation, task: Task) -> tuple[str, ...]:
    """Which intervals are narrower than they should be, and why."""
    few = [
        f"{task.label(name).title} ({scores.positive_units})"
        for name, scores in evaluation.scores.labels.items()
        if scores.positives and scores.positive_units < FEW_UNITS
    ]
    if not few:
        return ()
    return (
        f"The positives of these labels are of few {evaluation.subject.unit}, and their figures "
        f"and intervals say nothing about others: {', '.join(few)}.",
    )


def _calibration() -> Part:
    words = (
        "How often a label was there, by the probability that was said. On the line they agree. "
        "Bins with few cases are not drawn.",
    )
    return Part("Calibration", words, pictures=("figures/reliability.png",))


def _answers(task: Task) -> tuple[str, ...]:
    return ("Rows are the truth, columns the answer.",) if task.mode is Mode.MULTI_CLASS else ()


def _subgroups(evaluation: Evaluation) -> Part:
    names = sorted({name for part in evaluation.subgroups for name in part.measures})
    rows = tuple(
        (
            f"{part.by}: {part.value}",
            f"{part.images} of {part.units}",
            *("too few" if part.too_few else shown(part.measures.get(name)) for name in names),
        )
        for part in evaluation.subgroups
    )
    words = (
        "Means are over the labels with enough cases of both classes in every part that is "
        "compared. A difference between parts is not yet an effect of what they are named after.",
    )
    head = ("part", f"images of {evaluation.subject.unit}", *(NAMES[name] for name in names))
    return Part("Subgroups", words, head, rows, ("figures/subgroups.png",))


def _robustness(stressed: Sequence[Stress]) -> Part:
    names = list(stressed[0].measures) if stressed else []
    rows = tuple(
        (
            f"{s.perturbation}, {s.amount:g} {s.unit}" if s.strength else "images as they are",
            *(shown(s.measures[name]) for name in names),
        )
        for s in [*stressed[:1], *(s for s in stressed if s.strength in (3, 5))]
    )
    words = (
        "Images were perturbed before any preprocessing, at five strengths; the table has the "
        "third and the fifth.",
    )
    return Part(
        "Robustness", words, _head("perturbation", names), rows, ("figures/robustness.png",)
    )


def _failures(evaluation: Evaluation, task: Task) -> Part:
    first: dict[tuple[str, str], Failure] = {}
    for failure in evaluation.failures:
        first.setdefault((failure.label, failure.kind), failure)
    rows = tuple(
        (
            f"{task.label(failure.label).title}: {failure.kind}",
            percent(failure.probabilities[failure.label]),
            ", ".join(task.label(name).title for name in failure.truth) or "none of the labels",
            failure.image[:12],
        )
        for failure in first.values()
    )
    words = (
        "Where the model was surest and wrong, one error of each kind, with the heat map of the "
        "label in question.",
    )
    pictures = tuple(failure.picture for failure in first.values())
    head = ("error", "probability", "truth", "image")
    return Part("Worst errors", words, head, rows, pictures[:PICTURED])


def _method(evaluation: Evaluation, task: Task) -> Part:
    words = [
        f"Answers came from the bundle as it is served. Intervals: whole {evaluation.subject.unit} "
        "were drawn again (percentile bootstrap, Efron 1979).",
        "Debiased calibration error: the root of Kumar, Liang and Ma's estimator (NeurIPS 2019), "
        "bins of equal mass; zero where the bins' own noise explains all. ECE: ten equal bins "
        "(Guo et al. 2017), which is above zero for every model. The intervals of both have the "
        "noise taken off that each resample adds.",
        "An interval without width says that no case lay on the other side, not that there is no "
        "doubt. “Not measurable”: the split has one class alone of this label.",
    ]
    return Part("Method", (*words, task.intended_use))
