"""A report says whether it is preliminary or final, who signed, and what the reader made of it."""

from dataclasses import replace
from datetime import UTC, datetime

from radlens.domain.audit import Actor
from radlens.domain.review import Decision, Opinion, Review, Undo
from radlens.reports.pdf import pdf
from radlens.reports.reading import reading
from tests.reports import samples
from tests.reports.test_pdf import words_of

NOON = datetime(2026, 3, 4, 12, 5, tzinfo=UTC)
ANN, BOB = Actor("ann", "page"), Actor("bob", "page")
OPINIONS = (
    Opinion("Effusion", True, Decision.ACCEPT),  # noqa: FBT003
    Opinion("Mass", None, Decision.EDIT, "hidden by the heart"),
    Opinion("Nodule", False, Decision.REJECT, "the end of a rib"),  # noqa: FBT003
)
PREDICTION, TASK, EVIDENCE = samples.chest()


def said(by: Actor = ANN, **changes: object) -> Review:
    review = Review("r", PREDICTION.id, "a" * 64, "1.0", NOON, by, OPINIONS, "No mass.\n2nd line")
    return replace(review, **changes)


def test_without_a_signature_the_report_is_preliminary_and_says_whose_answer_it_is():
    nothing = reading([], PREDICTION, TASK)
    assert (nothing.final, nothing.rows) == (False, ())
    assert nothing.status.startswith("Preliminary: no reader has signed")
    gone = said(final=True, undone=Undo("r", NOON, ANN))
    assert reading([said(blind=True), gone], PREDICTION, TASK) == nothing


def test_a_reading_that_waits_for_another_shows_nothing_of_itself():
    found = reading([said()], PREDICTION, TASK)
    assert found.status == "Preliminary: read by ann; another reader has to sign."
    assert (found.rows, found.impression) == ((), "")


def test_the_final_report_says_who_signed_and_what_became_of_each_finding():
    found = reading([said(BOB), said(final=True)], PREDICTION, TASK)
    assert found.status == (
        "Final: signed by ann on 2026-03-04 12:05 UTC, at least one finding rejected. "
        "Also read by bob."
    )
    rows = [(row.title, row.model, row.done, row.holds, row.reason) for row in found.rows]
    assert rows == [
        ("Effusion", "reported", "accepted", "present", ""),
        ("Mass", "not reported", "edited", "cannot be told", "hidden by the heart"),
        ("Nodule", "reported", "rejected", "absent", "the end of a rib"),
    ]


def test_the_document_begins_with_it():
    document = pdf(
        PREDICTION, task=TASK, scan=samples.a_scan(), evidence=EVIDENCE, said=[said(final=True)]
    )
    words = words_of(document)
    assert words.index("Final report") < words.index("signed by ann") < words.index("Result\n")
    for text in ("No mass.\n2nd line", "hidden by the heart", "the end of a rib"):
        assert text in words
    assert "Preliminary" not in words
