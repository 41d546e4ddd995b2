"""Objects in a folder: ``ab/abcdef...``, each under the SHA-256 of its bytes."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from radlens.domain.errors import DigestMismatch, NoSuchObject, StorageFull, StorageUnavailable
from radlens.storage.disk import FULL, sync

DIGEST = re.compile("[0-9a-f]{64}")


class FolderBlobs:
    """The objects of a site below ``root``; readable by this user only.

    Every method raises StorageFull or StorageUnavailable for what the disk says; an object is
    there whole or not at all, also after a power cut.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes) -> str:
        digest = sha256(content).hexdigest()
        path = self._path(digest)
        with _translated():
            if _size(path) == len(content):
                sync(path.parent)  # the name may be another process's, and not on disk yet
            else:
                self._make(path.parent)
                _write(path, content)
        return digest

    def get(self, digest: str) -> bytes:
        path = self._path(digest)
        with _translated():
            try:
                content = path.read_bytes()
            except FileNotFoundError as error:
                raise NoSuchObject(f"There is no object {digest}.") from error
        if sha256(content).hexdigest() != digest:
            raise DigestMismatch(f"The object {digest} is not what was written.")
        return content

    def delete(self, digest: str) -> None:
        path = self._path(digest)
        with _translated(), suppress(FileNotFoundError):
            path.unlink()
            sync(path.parent)

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise NoSuchObject(f"There is no object {digest!r}.")
        return self._root / digest[:2] / digest

    def _make(self, shelf: Path) -> None:
        if not shelf.is_dir():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            shelf.mkdir(mode=0o700, exist_ok=True)
            sync(self._root)


def _write(path: Path, content: bytes) -> None:
    """Write beside the target, and rename only what is on disk: readers see all or nothing."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("The disk that holds the objects is full.") from error
        raise StorageUnavailable(
            f"The objects folder does not answer: {error.strerror}."
        ) from error
