"""What an entry's digest covers, and that older entries keep theirs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from radlens.domain.audit import GENESIS, Act, Actor, Outcome, follow

ACT = Act(
    datetime(2026, 3, 1, 12, tzinfo=UTC), Actor("ada", "cli"), "predict", "one", {"task": "chest"}
)
# SHA-256 of {"by":["ada","cli"],"detail":{"task":"chest"},"previous":"0..0","seq":1,...}, as
# written before acts had an origin and an outcome.
OLD = "ca1ab9138294414efbbd6519a19c72e9db942cb36ffcabe145df51c9abcaa17a"


def test_an_entry_without_origin_and_outcome_keeps_the_digest_that_it_always_had() -> None:
    assert follow(ACT, seq=1, previous=GENESIS).digest == OLD


@pytest.mark.parametrize(
    "changed",
    [
        replace(ACT, outcome=Outcome.REFUSED),
        replace(ACT, by=Actor("ada", "cli", "192.0.2.7")),
        replace(ACT, by=Actor("ada", "api")),
        replace(ACT, subject="two"),
    ],
)
def test_the_digest_covers_who_from_where_what_and_how_it_ended(changed: Act) -> None:
    assert follow(changed, seq=1, previous=GENESIS).digest != OLD
