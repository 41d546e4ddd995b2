"""Cases of the worklist as CSV: what the model reported, and what became of it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from radlens.domain.review import Review, final_of
from radlens.domain.worklist import Case
from radlens.reports.csv_text import line

COLUMNS = (
    *("prediction", "time", "task", "model", "urgency", "state", "reader", "reported"),
    *("signed_by", "signed", "present", "rejected", "impression"),
)


def worklist_lines(
    cases: Iterable[tuple[Case, Sequence[Review]]], *, now: datetime
) -> Iterator[str]:
    """A line of names, then one line a case with what readers said of it, oldest first."""
    yield line(COLUMNS)
    for case, said in cases:
        prediction, signed = case.prediction, final_of(said)
        yield line(
            (
                prediction.id,
                prediction.time.isoformat(),
                prediction.model.task,
                prediction.model.version,
                case.rank,
                case.state(now),
                case.reader if case.held(now) else "",
                "; ".join(one.label for one in prediction.findings if one.positive),
                *_signed(signed),
            )
        )


def _signed(signed: Review | None) -> tuple[str, str, str, str, str]:
    if signed is None:
        return ("",) * 5
    present = (one.label for one in signed.opinions if one.present)
    rejected = (one.label for one in signed.opinions if one.decision == "reject")
    return (
        signed.by.name,
        signed.time.isoformat(),
        "; ".join(present),
        "; ".join(rejected),
        signed.impression,
    )
