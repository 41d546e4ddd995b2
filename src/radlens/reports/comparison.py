"""Every word of a comparison's card, made from its record and from nothing else."""

from collections.abc import Mapping

from radlens.domain.evaluation import NOT_MEASURABLE, Comparison, Difference
from radlens.domain.task import Task
from radlens.reports.evaluation import NAMES, subject_rows
from radlens.reports.part import Part, shown

HEAD = ("", "first", "second", "first less second", "p")


def comparison_parts(comparison: Comparison, task: Task) -> tuple[Part, ...]:
    """The card from top to bottom."""
    first, second = comparison.first, comparison.second
    facts = (
        ("First", f"{first.model} ({first.model_digest[:12]})"),
        ("Second", f"{second.model} ({second.model_digest[:12]})"),
        *subject_rows(first)[2:],
        ("Cases", f"{comparison.images} images of {comparison.units} {first.unit}"),
        ("Intervals", f"95 %, {comparison.resamples} bootstrap resamples, seed {first.seed}"),
    )
    statements = tuple(dict.fromkeys((first.statement, second.statement)))
    labels = [
        Part(task.label(name).title, (), HEAD, _rows(found))
        for name, found in comparison.labels.items()
    ]
    return (
        Part("What was compared", statements, ("", ""), facts),
        Part("Results", (), HEAD, _rows(comparison.whole)),
        *labels,
        Part("Method", (_METHOD,)),
    )


def _rows(found: Mapping[str, Difference | None]) -> tuple[tuple[str, ...], ...]:
    return tuple((NAMES[name], *_cells(apart)) for name, apart in found.items())


def _cells(apart: Difference | None) -> tuple[str, ...]:
    if apart is None:
        return (NOT_MEASURABLE, NOT_MEASURABLE, NOT_MEASURABLE, "")
    p = "" if apart.p is None else f"{_shown_p(apart.p)} ({apart.test})"
    return (*map(shown, (apart.first, apart.second, apart.difference)), p)


def _shown_p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


_METHOD = (
    "Both models read the same cases, and each resample draws the same patients or groups for "
    "both, so that what they share cancels out. p: two-sided, DeLong et al. 1988 for areas, "
    "McNemar 1947 (exact) for accuracies; both take images as independent, the intervals do not. "
    "No p is adjusted for the number of labels."
)
