"""The records of a site, on whatever database it has."""

from collections.abc import Sequence

from radlens.domain.audit import Act
from radlens.domain.prediction import Once, Prediction, Recorded
from radlens.storage import statements
from radlens.storage.database import Database


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

    def priors(self, prediction: Prediction, *, limit: int) -> list[Prediction]:
        with self._database.reading() as sql:
            return statements.priors(sql, prediction, limit=limit)

    def count(self) -> int:
        with self._database.reading() as sql:
            return statements.count(sql)

    def recorded(self, *, after: int, until: int) -> dict[int, Recorded]:
        with self._database.reading() as sql:
            return statements.recorded(sql, after=after, until=until)

    def erase(self, predictions: Sequence[str], act: Act, *, reason: str) -> None:
        with self._database.writing() as sql:
            statements.erase(sql, predictions, act, reason)

    def close(self) -> None:
        """Close the database."""
        self._database.close()
