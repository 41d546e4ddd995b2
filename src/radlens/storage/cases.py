"""Which cases are on the list, as SQL whose cost does not grow with those that nobody sees."""
# ruff: noqa: S608 (the only text put into a statement is this module's own)

from collections.abc import Iterator, Sequence
from typing import Any

from radlens.domain.worklist import RANKS, Sought, State
from radlens.storage.database import Transaction

CASE = "prediction, rank, outcome, signer, readings, reader, lease"
LISTED = "prediction NOT IN (SELECT prediction FROM erasures)"
# A lease is written in UTC and to the microsecond: its text sorts as time does.
HELD, FREE = "lease >= ?", "(lease IS NULL OR lease < ?)"
STATES = {
    State.WAITING: f"outcome = '' AND {FREE}",
    State.IN_REVIEW: HELD,
    State.VERIFIED: f"outcome = 'verified' AND {FREE}",
    State.REJECTED: f"outcome = 'rejected' AND {FREE}",
}
# A reader's reading of a prediction that stands: not blind, and not taken back.
STANDING = "blind = 0 AND id NOT IN (SELECT review FROM undos)"
UNREAD = (
    "NOT EXISTS (SELECT 1 FROM reviews "
    f"WHERE reviews.prediction = cases.prediction AND actor = ? AND {STANDING})"
)
IN_ORDER = "ORDER BY rank, place LIMIT ?"


def search(
    sql: Transaction, sought: Sought, *, now: str, limit: int, skip: int
) -> Sequence[Sequence[Any]]:
    """The rows CASE of what is asked for, the most urgent first.

    No case is in two states. Those in readers' hands are few; the other states have an index in
    this order each, from which as many are read as could be shown.
    """
    parts, values = list[str](), list[Any]()
    for state in sorted(sought.states):
        rules, given = zip(*_rules(state, sought, now), strict=True)
        part = f"SELECT {CASE}, place FROM cases WHERE {' AND '.join([LISTED, *rules])}"
        values += [value for some in given for value in some]
        if state is not State.IN_REVIEW:
            part += f" {IN_ORDER}"
            values.append(skip + limit)
        parts.append(f"SELECT * FROM ({part}) AS of_{len(parts)}")
    if not parts:
        return []
    found: Sequence[Sequence[Any]] = sql.execute(
        f"SELECT {CASE} FROM ({' UNION ALL '.join(parts)}) AS found {IN_ORDER} OFFSET ?",
        (*values, limit, skip),
    ).fetchall()
    return found


def _rules(state: State, sought: Sought, now: str) -> Iterator[tuple[str, Sequence[Any]]]:
    """The conditions with their values; what fits them is what ``Case.state`` says."""
    yield STATES[state], [now]
    if sought.task is not None:
        yield "task = ?", [sought.task]
    if sought.rank is not None:
        yield "rank = ?", [RANKS.index(sought.rank)]
    if sought.reader is not None and state is State.IN_REVIEW:
        yield "(reader = ? OR signer = ?)", [sought.reader, sought.reader]
    elif sought.reader is not None:  # nobody has it
        yield "signer = ?", [sought.reader]
    if sought.unread_by is not None:
        yield UNREAD, [sought.unread_by]


def counts(sql: Transaction, now: str) -> dict[State, int]:
    """How many there are in each state: an index is counted, and set right by what is seldom."""
    found = dict.fromkeys(State, 0)
    every = sql.execute("SELECT outcome, count(*) FROM cases GROUP BY outcome").fetchall()
    for outcome, number in every:
        found[_state(outcome)] += number
    erased = sql.execute(
        "SELECT (SELECT outcome FROM cases WHERE cases.prediction = erasures.prediction) "
        "FROM erasures"
    ).fetchall()
    for [outcome] in erased:
        if outcome is not None:  # else it was erased before it was on the list
            found[_state(outcome)] -= 1
    held = sql.execute(f"SELECT outcome FROM cases WHERE {HELD} AND {LISTED}", (now,)).fetchall()
    for [outcome] in held:
        found[_state(outcome)] -= 1
        found[State.IN_REVIEW] += 1
    return found


def _state(outcome: str) -> State:
    """Where a case of this outcome is while nobody has it."""
    return State(outcome or State.WAITING)
