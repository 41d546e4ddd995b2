"""An evaluation and a comparison whose figures are made up: for tests of what is said of them."""

from radlens.domain.comparison import Comparison, Difference
from radlens.domain.evaluation import (
    WHOLE,
    Bin,
    Curves,
    Cut,
    Evaluation,
    Failure,
    LabelScores,
    Measure,
    Point,
    Scores,
    Stress,
    Subgroup,
    Subject,
)
from tests.builders import TASKS

TASK = TASKS["brain-tumor"]
FIGURE = Measure(0.75, 0.5, 0.875, 8)
OF_WHOLE = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "mean_auroc", "brier")
OF_LABEL = (
    "auroc", "average_precision", "sensitivity", "specificity", "precision", "f1", "accuracy",
    "balanced_accuracy", "brier", "ece", "ece_debiased",
)  # fmt: skip
SUBJECT = Subject(
    task=TASK.name,
    model="tiny-1",
    model_digest="ab" * 32,
    statement="Random weights for tests.",
    dataset="made up",
    dataset_id="cd" * 32,
    split="test",
    unit="near-duplicate groups",
    seed=1,
)


def an_evaluation() -> Evaluation:
    """Multi-class; the label glioma has no case, meningioma three groups, one part is small."""
    measured = dict.fromkeys(OF_LABEL, FIGURE)
    labels = {name: LabelScores(4, 4, 0, 7, measured) for name in TASK.names}
    labels["glioma"] = LabelScores(0, 8, 0, 0, dict.fromkeys(OF_LABEL))
    labels["meningioma"] = LabelScores(4, 4, 0, 3, measured)
    rows = ((0, 0, 0, 0), (0, 3, 0, 1), (0, 0, 2, 0), (1, 0, 0, 1))
    points = (Point(0.0, 0.5, 0.25, 0.75), Point(1.0, 1.0, 1.0, 1.0))
    did = dict.fromkeys(("sensitivity", "specificity", "positive", "negative"), FIGURE)
    cuts = (Cut(0.25, did), Cut(0.5, did), Cut(0.875, {**did, "positive": None}))
    curves = Curves(points, points, (Bin(5, 0.25, FIGURE), Bin(6, 0.875, FIGURE)), cuts)
    figures, few = {"mean_auroc": FIGURE, "accuracy": FIGURE}, (False, True)
    return Evaluation(
        subject=SUBJECT,
        scores=Scores(dict.fromkeys(OF_WHOLE, FIGURE), labels, rows, 8, 7, 2000),
        curves={name: curves for name in TASK.names if name != "glioma"},
        subgroups=(
            Subgroup("sex", "F", 40, 35, few[0], ("meningioma",), figures),
            Subgroup("sex", "M", 4, 3, few[1], (), {}),
            Subgroup("sex", "not stated", 40, 35, few[0], ("meningioma",), figures),
        ),
        robustness=tuple(
            Stress("noise", strength, 4.0 * strength, "% of white", figures)
            for strength in range(6)
        ),
        failures=(
            Failure(
                image="ef" * 32,
                label="pituitary",
                kind="false positive",
                truth=("no_tumor",),
                probabilities=dict.fromkeys(TASK.names, 0.25),
                picture="failures/001-pituitary-false-positive.png",
            ),
        ),
        risk_coverage={WHOLE: points},
    )


def a_comparison() -> Comparison:
    """One figure with a test and one that is not measurable."""
    apart = Difference(FIGURE, FIGURE, Measure(0.0, -0.125, 0.125, 8), 0.0004, "DeLong")
    return Comparison(
        first=SUBJECT,
        second=SUBJECT,
        whole={"accuracy": apart},
        labels={name: {"auroc": None if name == "glioma" else apart} for name in TASK.names},
        images=8,
        units=7,
        resamples=2000,
    )
