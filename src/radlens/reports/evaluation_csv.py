"""What an evaluation draws, as a table for other programs."""

import csv
from collections.abc import Iterator
from io import StringIO

from radlens.domain.evaluation import Bin, Curves, Evaluation, Measure, Point

HEAD = ("of", "what", "at", "value", "low", "high", "n")

Row = tuple[object, ...]


def curves_csv(evaluation: Evaluation) -> str:
    """A line for each point: of which label, what is drawn, where, its value and 95 % interval.

    ``at`` is the false positive rate of a ROC, the sensitivity of precision-recall, the
    probability that was said, the threshold, or the share of the answers that is kept.
    """
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEAD)
    for label, curves in evaluation.curves.items():
        writer.writerows((label, *row) for row in _of_label(curves))
    for label, line in evaluation.risk_coverage.items():
        writer.writerows((label, *row) for row in _line("share wrong", line))
    return stream.getvalue()


def _of_label(curves: Curves) -> Iterator[Row]:
    yield from _line("ROC: sensitivity", curves.roc)
    yield from _line("precision", curves.precision_recall)
    yield from (_bin(found) for found in curves.reliability)
    for cut in curves.cuts:
        for name, measure in cut.measures.items():
            of_half = " at a prevalence of one half" if name in ("positive", "negative") else ""
            named = f"{name} predictive value{of_half}" if of_half else name
            if measure:
                yield (named, cut.threshold, *_cells(measure))


def _line(what: str, points: tuple[Point, ...]) -> Iterator[Row]:
    return ((what, point.x, point.y, point.low, point.high, "") for point in points)


def _bin(found: Bin) -> Row:
    return ("share seen", found.said, *_cells(found.seen))


def _cells(measure: Measure) -> Row:
    return (measure.value, measure.low, measure.high, measure.n)
