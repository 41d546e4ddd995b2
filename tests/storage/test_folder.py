"""What is the folder's own: layout, privacy, damage, and the system's errors as ours."""

import os
import sys
from pathlib import Path

import pytest

from radlens.domain.errors import DigestMismatch, NoSuchObject, StorageUnavailable
from radlens.storage.folder import FolderBlobs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "site" / "objects"


def test_an_object_lies_under_the_first_two_letters_of_its_digest_and_nothing_else_does(root):
    digest = FolderBlobs(root).put(b"image")
    files = [path for path in root.rglob("*") if path.is_file()]
    assert files == [root / digest[:2] / digest]
    assert files[0].read_bytes() == b"image"


def test_objects_and_their_folders_are_private(root):
    before = os.umask(0)
    try:
        digest = FolderBlobs(root).put(b"image")
    finally:
        os.umask(before)
    path = root / digest[:2] / digest
    modes = [p.stat().st_mode & 0o777 for p in (root, path.parent, path)]
    assert modes == [0o700, 0o700, 0o600]


def test_the_bytes_are_on_disk_before_the_name_and_the_name_before_the_answer(root):
    blobs, called = FolderBlobs(root), list[str]()

    def watch(_frame: object, event: str, function: object) -> None:
        if event == "c_call" and function in (os.fsync, os.replace):
            called.append(function.__name__)

    # The new shelf, the bytes, the name; again only the name, which another process may have put.
    for expected in (["fsync", "fsync", "replace", "fsync"], ["fsync"]):
        called.clear()
        sys.setprofile(watch)
        try:
            blobs.put(b"image")
        finally:
            sys.setprofile(None)
        assert called == expected


def test_the_same_bytes_again_are_not_written_again(root):
    blobs = FolderBlobs(root)
    digest = blobs.put(b"image")
    before = (root / digest[:2] / digest).stat()
    blobs.put(b"image")
    after = (root / digest[:2] / digest).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_object_that_was_cut_short_is_put_right_by_putting_it_again(root):
    blobs = FolderBlobs(root)
    digest = blobs.put(b"image")
    (root / digest[:2] / digest).write_bytes(b"im")
    with pytest.raises(DigestMismatch):
        blobs.get(digest)
    blobs.put(b"image")
    assert blobs.get(digest) == b"image"


def test_an_object_with_one_changed_byte_is_not_given_out(root):
    blobs = FolderBlobs(root)
    digest = blobs.put(b"image")
    (root / digest[:2] / digest).write_bytes(b"imagE")
    with pytest.raises(DigestMismatch, match=digest):
        blobs.get(digest)


def test_a_file_outside_is_not_reached_through_a_digest(root, tmp_path):
    blobs = FolderBlobs(root)
    known, secret = blobs.put(b"image"), tmp_path / "secret"
    secret.write_bytes(b"secret")
    for digest in ("../../secret", str(secret), "ab/../../../secret", f"{known}/../secret"):
        with pytest.raises(NoSuchObject):
            blobs.get(digest)


def test_looking_for_an_object_makes_no_folder(root):
    with pytest.raises(NoSuchObject):
        FolderBlobs(root).get("0" * 64)
    assert not root.exists()


def test_an_object_whose_name_cannot_be_taken_leaves_nothing_behind(root):
    digest = "6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"  # of b"image"
    in_the_way = root / digest[:2] / digest
    (in_the_way / "full").mkdir(parents=True)
    with pytest.raises(StorageUnavailable) as refusal:
        FolderBlobs(root).put(b"image")
    assert isinstance(refusal.value.__cause__, OSError)
    assert list(in_the_way.parent.iterdir()) == [in_the_way]


def test_a_root_that_is_no_folder_is_unavailable(tmp_path):
    (tmp_path / "file").touch()
    blobs = FolderBlobs(tmp_path / "file")
    with pytest.raises(StorageUnavailable):
        blobs.put(b"image")
    with pytest.raises(StorageUnavailable):
        blobs.get("0" * 64)
