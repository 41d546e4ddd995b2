"""Every word of a comparison's card, made from its record and from nothing else."""

from collections.abc import Mapping

from radlens.domain.comparison import Comparison, Difference, Matched
from radlens.domain.evaluation import NOT_MEASURABLE
from radlens.domain.metrics import Proportion
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
        *_matched(comparison, task),
        Part("Method", (_METHOD,)),
    )


def _matched(comparison: Comparison, task: Task) -> tuple[Part, ...]:
    """Where the first has to turn positive to find as many as the second; nothing if unknown."""
    if not comparison.matched:
        return ()
    words = (
        f"Chosen on the split {comparison.matched_on}; sensitivity and specificity are those of "
        "the first model on the compared cases."
    )
    rows = (
        (task.label(name).title, *_matched_cells(found))
        for name, found in comparison.matched.items()
    )
    head = ("", "second's sensitivity", "threshold of the first", "sensitivity", "specificity")
    return (Part("Thresholds at the second's sensitivity", (words,), head, tuple(rows)),)


def _matched_cells(found: Matched) -> tuple[str, ...]:
    point, did = found.point, found.point.measured
    bounds = f" ({point.interval.low:.3f} to {point.interval.high:.3f})" if point.interval else ""
    shares = (did.sensitivity, did.specificity) if did else (None, None)
    return (
        _share(found.target),
        f"{point.threshold:.3f}{bounds}",
        *(NOT_MEASURABLE if share is None else _share(share) for share in shares),
    )


def _share(share: Proportion) -> str:
    bounds = share.interval
    return f"{share.value:.3f} ({bounds.low:.3f} to {bounds.high:.3f})"


def _rows(found: Mapping[str, Difference | None]) -> tuple[tuple[str, ...], ...]:
    return tuple((NAMES[name], *_cells(apart)) for name, apart in found.items())


def _cells(apart: Difference | None) -> tuple[str, ...]:
    if apart is None:
        return (NOT_MEASURABLE, NOT_MEASURABLE, NOT_MEASURABLE, "")
    p = "" if apart.p is None else f"{shown_p(apart.p)} ({apart.test})"
    return (*map(shown, (apart.first, apart.second, apart.difference)), p)


def shown_p(p: float) -> str:
    """A p as people write it, never rounded to nothing."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


_METHOD = (
    "Both models read the same cases, and each resample draws the same patients or groups for "
    "both, so that what they share cancels out. p: two-sided, DeLong et al. 1988 for areas, "
    "McNemar 1947 (exact) for accuracies; both take images as independent, the intervals do not. "
    "No p is adjusted for the number of labels."
)
