"""What every implementation of Blobs promises."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from random import Random
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radlens.domain.errors import NoSuchObject, StorageFull
from radlens.ports import Blobs
from radlens.storage.folder import FolderBlobs
from radlens.storage.memory import MemoryBlobs
from tests.conftest import place_of
from tests.contracts.stores import BLOBS, open_blobs


@pytest.fixture(params=BLOBS)
def blobs(request: pytest.FixtureRequest) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs()
    return open_blobs(place_of(request.param, request))


# The objects of one example stay for the next: a store has no other state.
@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=5000))
def test_bytes_come_back_as_they_were_put_under_their_sha256(blobs, content):
    digest = blobs.put(content)
    assert digest == sha256(content).hexdigest()
    assert blobs.get(digest) == content


def test_the_same_bytes_again_are_the_same_object(blobs):
    assert blobs.put(b"image") == blobs.put(b"image") != blobs.put(b"another")


def test_a_later_change_to_the_bytes_given_does_not_reach_the_object(blobs):
    content = bytearray(b"image")
    digest = blobs.put(content)
    content[:] = b"other"
    assert blobs.get(digest) == b"image"


def test_what_was_erased_is_gone_and_may_be_erased_again_or_put_again(blobs):
    digest, other = blobs.put(b"image"), blobs.put(b"another")
    for _ in range(2):
        blobs.delete(digest)
        with pytest.raises(NoSuchObject):
            blobs.get(digest)
    assert blobs.get(other) == b"another"
    assert blobs.put(b"image") == digest
    assert blobs.get(digest) == b"image"


@pytest.mark.parametrize(
    "digest",
    ["0" * 64, "", "abc", "A" * 64, "0" * 63, "0" * 64 + "\n", "../" * 21 + "x", "/etc/passwd"],
)
def test_an_unknown_or_impossible_digest_is_not_found(blobs, digest):
    with pytest.raises(NoSuchObject):
        blobs.get(digest)


def test_many_threads_may_put_and_get_the_same_bytes(blobs):
    start, content = Barrier(8), Random(1).randbytes(100_000)  # noqa: S311

    def work(_: int) -> bytes:
        start.wait()
        return blobs.get(blobs.put(content))

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(work, range(8))) == {content}


def test_objects_survive_reopening(shelf):
    digest = open_blobs(shelf).put(b"image")
    assert open_blobs(shelf).get(digest) == b"image"


def test_whatever_was_acknowledged_before_a_kill_is_there_whole(shelf, writer):
    process = writer("a", 100_000)
    process.stdin.write(f"blobs {shelf}\n")
    process.stdin.flush()
    said = [process.stdout.readline() for _ in range(50)]
    process.kill()
    said += process.stdout.readlines()
    blobs = open_blobs(shelf)
    for digest in (line.strip() for line in said if line.endswith("\n")):
        assert len(blobs.get(digest)) == 30_000  # ``get`` checks the digest itself


def test_a_full_disk_is_said_and_nothing_is_half_written(small_disk):
    blobs, kept = FolderBlobs(small_disk), list[str]()
    with pytest.raises(StorageFull):
        kept.extend(blobs.put(bytes([number]) * 100_000) for number in range(100))
    files = [path for path in small_disk.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted(kept) != []
    assert all(len(blobs.get(digest)) == 100_000 for digest in kept)
    files[0].unlink()
    assert blobs.put(b"room again")


def test_a_full_quota_is_said_and_nothing_is_half_written(tmp_path, writer):
    process = writer("a", 1, 20_000)  # an object has 30,000 bytes
    assert process.communicate(f"blobs {tmp_path}\n")[0].split() == ["StorageFull"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
