"""Records and objects that end with the process: for tests and for ``--no-record``."""

from collections.abc import Iterator
from hashlib import sha256
from threading import Lock

from radlens.domain.audit import GENESIS, Act, Entry, follow
from radlens.domain.errors import Conflict, KeyReused, NoSuchObject, NoSuchPrediction
from radlens.domain.prediction import Once, Prediction
from radlens.storage.rows import Row, entry_of, entry_row, plain, prediction_of, prediction_row


class MemoryRecords:
    """Records as rows in memory, so that they take and give back what a database would."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._predictions: dict[str, Row] = {}
        self._requests: dict[str, tuple[str, str]] = {}
        self._audit: list[Row] = []

    def add(self, prediction: Prediction, act: Act, once: Once | None = None) -> Prediction:
        with self._lock:
            if once and (earlier := self.repeated(once)):
                return earlier
            if prediction.id in self._predictions:
                raise Conflict(f"The id {prediction.id} is on record already.")
            entry, row = entry_row(self._next(act)), prediction_row(prediction)
            # Nothing below can fail: both or neither.
            self._audit.append(entry)
            self._predictions[prediction.id] = row
            if once:
                self._requests[once.key] = once.request, prediction.id
        return prediction

    def get(self, prediction_id: str) -> Prediction:
        if (row := self._predictions.get(prediction_id)) is None:
            raise NoSuchPrediction(f"There is no prediction {prediction_id} on record.")
        return prediction_of(row)

    def repeated(self, once: Once) -> Prediction | None:
        if (earlier := self._requests.get(once.key)) is None:
            return None
        if earlier[0] != once.request:
            raise KeyReused("This idempotency key was used for another request.")
        return self.get(earlier[1])

    def history(
        self, *, limit: int, before: str | None = None, image: str | None = None
    ) -> list[Prediction]:
        with self._lock:
            newest = list(self._predictions)[::-1]
        if before is not None:
            if before not in newest:
                raise NoSuchPrediction(f"There is no prediction {before} to go on from.")
            newest = newest[newest.index(before) + 1 :]
        found = (prediction for prediction in map(self.get, newest))
        wanted = [p for p in found if image is None or p.image.digest == image]
        return wanted[:limit]

    def audit(self) -> Iterator[Entry]:
        return iter([entry_of(row) for row in self._audit.copy()])

    def close(self) -> None:
        """Nothing is held open; everything is forgotten with the object."""

    def _next(self, act: Act) -> Entry:
        previous = self._audit[-1][-1] if self._audit else GENESIS
        return follow(plain(act), seq=len(self._audit) + 1, previous=previous)


class MemoryBlobs:
    """Objects in memory, under the SHA-256 of their bytes."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        digest = sha256(content).hexdigest()
        self._objects.setdefault(digest, bytes(content))
        return digest

    def get(self, digest: str) -> bytes:
        try:
            return self._objects[digest]
        except KeyError as error:
            raise NoSuchObject(f"There is no object {digest!r}.") from error
