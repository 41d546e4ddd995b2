"""Failed sign-ins, counted in a site's database for all of its processes."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from radlens.domain.errors import TooManyGuesses
from radlens.domain.guessing import Guesses, Limit, counted
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import time_of, zoned


class SqlGuessing:
    """The guesses of a site in its database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def attempt(self, limits: Sequence[Limit], now: datetime) -> None:
        # Counted before the password is looked at: guesses at the same time cannot overtake it.
        with self._database.writing() as sql:
            known = {limit.subject: _known(sql, limit.subject) for limit in limits}
            wait = max(limit.wait(known[limit.subject], now) for limit in limits)
            if wait:
                seconds = ceil(wait.total_seconds())
                raise TooManyGuesses(
                    f"Too many failed sign-ins; the next is possible in {seconds} s.",
                    wait_s=seconds,
                )
            for limit in limits:
                _count(sql, limit.subject, counted(known[limit.subject], now) + 1, now)

    def right(self, limits: Sequence[Limit]) -> None:
        owner, *others = limits
        with self._database.writing() as sql:
            sql.execute("DELETE FROM guesses WHERE subject = ?", (owner.subject,))
            for limit in others:
                sql.execute(
                    "UPDATE guesses SET failures = failures - 1 WHERE subject = ? AND failures > 0",
                    (limit.subject,),
                )


def _known(sql: Transaction, subject: str) -> Guesses | None:
    row = sql.execute("SELECT failures, last FROM guesses WHERE subject = ?", (subject,)).fetchone()
    return None if row is None else Guesses(int(row[0]), time_of(row[1]))


def _count(sql: Transaction, subject: str, failures: int, now: datetime) -> None:
    sql.execute("DELETE FROM guesses WHERE subject = ?", (subject,))
    sql.execute(
        "INSERT INTO guesses (subject, failures, last) VALUES (?, ?, ?)",
        (subject, failures, zoned(now)),
    )
