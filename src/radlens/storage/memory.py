"""Objects that end with the process: for tests and for ``--no-record``."""

from hashlib import sha256

from radlens.domain.errors import NoSuchObject


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

    def delete(self, digest: str) -> None:
        self._objects.pop(digest, None)
