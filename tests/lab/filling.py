"""A store of objects on a disk that gets full."""

from collections.abc import Callable
from dataclasses import dataclass

from radlens.domain.errors import StorageFull
from radlens.ports import Blobs


@dataclass
class Filling:
    """A store that is full while somebody says so."""

    within: Blobs
    full: Callable[[], bool]

    def put(self, content: bytes) -> str:
        if self.full():
            raise StorageFull("The disk is full.")
        return self.within.put(content)

    def get(self, digest: str) -> bytes:
        return self.within.get(digest)

    def delete(self, digest: str) -> None:
        self.within.delete(digest)


def with_room(blobs: Blobs, objects: int) -> Filling:
    """A store with room for so many objects more."""
    room = iter(range(objects))
    return Filling(blobs, lambda: next(room, None) is None)
