"""What a file system needs told, so that what was written is there after a power cut."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

from radlens.domain.errors import StorageFull, StorageUnavailable

# A full disk, a quota and a limit.
FULL = (ENOSPC, EDQUOT, EFBIG)


def sync(folder: Path) -> None:
    """Put the names in a folder on its disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_once(path: Path, content: Callable[[], bytes]) -> None:
    """Write a private file whole; where another process was faster, its file stays."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What a disk says of a file, as ours: StorageFull or StorageUnavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(f"The disk that holds {path.name} is full.") from error
        raise StorageUnavailable(f"{path} cannot be used: {error.strerror}.") from error
