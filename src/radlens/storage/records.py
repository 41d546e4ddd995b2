"""The records of a site, on whatever database it has."""

from collections.abc import Iterator

from radlens.domain.audit import Act, Entry
from radlens.domain.prediction import Once, Prediction
from radlens.storage import statements
from radlens.storage.database import Database

PAGE = 250


class SqlRecords:
    """The records of a site in its database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, prediction: Prediction, act: Act, once: Once | None = None) -> Prediction:
        with self._database.writing() as sql:
            return statements.record(sql, prediction, act, once)

    def get(self, prediction_id: str) -> Prediction:
        with self._database.reading() as sql:
            return statements.get(sql, prediction_id)

    def repeated(self, once: Once) -> Prediction | None:
        with self._database.reading() as sql:
            return statements.repeated(sql, once)

    def history(
        self, *, limit: int, before: str | None = None, image: str | None = None
    ) -> list[Prediction]:
        with self._database.reading() as sql:
            return statements.history(sql, limit=limit, before=before, image=image)

    def audit(self) -> Iterator[Entry]:
        # By pages: a reader who stops half-way holds neither a connection nor the log.
        after = 0
        while True:
            with self._database.reading() as sql:
                page = statements.entries(sql, after=after, limit=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].seq

    def close(self) -> None:
        """Close the database."""
        self._database.close()
