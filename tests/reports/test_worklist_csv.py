"""The worklist as CSV: each case a line, and nothing in it a formula."""

import csv
from dataclasses import replace
from datetime import UTC, datetime

from radlens.domain.audit import Actor
from radlens.domain.review import Decision, Opinion, Review
from radlens.domain.worklist import HOLD, Case, Rank, State
from radlens.reports.worklist_csv import COLUMNS, worklist_lines
from tests.reports import samples

NOON = datetime(2026, 3, 4, 12, 5, tzinfo=UTC)
PREDICTION, _, _ = samples.chest()


def test_a_case_is_a_line_with_what_became_of_it():
    opinions = (
        Opinion("Effusion", True, Decision.ACCEPT),  # noqa: FBT003
        Opinion("Nodule", False, Decision.REJECT, "a rib"),  # noqa: FBT003
    )
    signed = Review(
        "r", "p", "a" * 64, "1", NOON, Actor("ann", "page"), opinions, "=1+1\nfine", final=True
    )
    waiting = Case(PREDICTION, Rank.MODERATE, reader="bob", lease=NOON + HOLD)
    done = replace(waiting, outcome=State.REJECTED, signer="ann", reader="", lease=None)
    lines = worklist_lines([(waiting, []), (done, [signed])], now=NOON)
    head, first, second = csv.reader("".join(lines).splitlines(keepends=True))
    assert tuple(head) == COLUMNS
    one, two = (dict(zip(head, line, strict=True)) for line in (first, second))
    assert (one["state"], one["reader"], one["signed_by"]) == ("in review", "bob", "")
    assert (one["urgency"], one["reported"]) == ("moderate", "Effusion; Nodule")
    assert (two["state"], two["signed_by"], two["present"]) == ("rejected", "ann", "Effusion")
    assert (two["rejected"], two["impression"]) == ("Nodule", "'=1+1\nfine")
