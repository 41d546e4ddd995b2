"""What is S3's own: keys, buckets, layout, damage, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from radlens.domain.errors import (
    BadSettings,
    DigestMismatch,
    NoSuchObject,
    StorageFull,
    StorageUnavailable,
)
from radlens.storage.places import Access
from radlens.storage.s3 import S3Blobs
from tests.contracts.stores import open_blobs
from tests.objects import BUCKET
from tests.postgres import free_port

REGION = "us-east-1"


def access(server, **changes: str) -> Access:
    known = {"endpoint": server.endpoint, "region": REGION}
    return Access(**{**known, "key": server.key, "secret": server.secret, **changes})


def every_way(blobs: S3Blobs) -> Iterator[object]:
    yield lambda: blobs.put(b"image")
    yield lambda: blobs.get("0" * 64)
    yield lambda: blobs.delete("0" * 64)


def test_an_object_lies_below_the_prefix_under_its_digest_and_nothing_else_does(s3_server):
    place = s3_server.place()
    digest = open_blobs(place).put(b"image")
    prefix = place.split(f"/{BUCKET}/")[1]
    found = s3_server.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
    assert [each["Key"] for each in found] == [f"{prefix}/{digest[:2]}/{digest}"]


def test_an_object_that_was_changed_is_not_given_out_and_is_put_right_by_putting_it(s3_server):
    place = s3_server.place()
    blobs, prefix = open_blobs(place), place.split(f"/{BUCKET}/")[1]
    digest = blobs.put(b"image")
    key = f"{prefix}/{digest[:2]}/{digest}"
    s3_server.client().put_object(Bucket=BUCKET, Key=key, Body=b"imagE")
    with pytest.raises(DigestMismatch, match=digest):
        blobs.get(digest)
    blobs.put(b"image")
    assert blobs.get(digest) == b"image"


@pytest.mark.parametrize("wrong", ["key", "secret"])
def test_a_wrong_key_is_unavailable_and_is_not_said(s3_server, wrong):
    blobs = S3Blobs(f"s3://{BUCKET}", access(s3_server, **{wrong: "hidden-staple"}))
    for way in every_way(blobs):
        with pytest.raises(StorageUnavailable, match="does not accept the key") as refusal:
            way()
        assert "staple" not in refusal.value.message + refusal.value.hint + repr(blobs)
        assert s3_server.secret not in str(refusal.value.__cause__)


def test_keys_are_not_part_of_what_is_printed(s3_server):
    assert s3_server.key not in repr(access(s3_server))
    assert s3_server.secret not in repr(access(s3_server))


def test_a_bucket_that_is_not_there_is_unavailable_and_named(s3_server):
    for way in every_way(S3Blobs("s3://nowhere/site", access(s3_server))):
        with pytest.raises(StorageUnavailable, match="no bucket nowhere"):
            way()


def test_a_key_without_rights_is_unavailable(s3_server):
    with answering(403, "AccessDenied") as endpoint:
        for way in every_way(S3Blobs("s3://radlens", access(s3_server, endpoint=endpoint))):
            with pytest.raises(StorageUnavailable, match="does not let this key use"):
                way()


def test_a_store_that_is_not_there_is_unavailable_within_seconds(s3_server):
    nowhere = f"http://127.0.0.1:{free_port()}"
    for way in every_way(S3Blobs("s3://radlens", access(s3_server, endpoint=nowhere))):
        with pytest.raises(StorageUnavailable, match="does not answer"):
            way()


def test_a_store_that_stumbles_is_asked_again(s3_server):
    with answering(503, "SlowDown", times=2) as endpoint, pytest.raises(NoSuchObject):
        S3Blobs("s3://radlens", access(s3_server, endpoint=endpoint)).get("0" * 64)


@pytest.mark.parametrize("code", ["QuotaExceeded", "XMinioStorageFull"])
def test_a_full_store_is_said(s3_server, code):
    with answering(403, code) as endpoint:
        blobs = S3Blobs("s3://radlens", access(s3_server, endpoint=endpoint))
        with pytest.raises(StorageFull):
            blobs.put(b"image")


@pytest.mark.parametrize("url", ["s3://", "s3:bucket", "s3://key:hidden-staple@bucket", "file://x"])
def test_an_address_that_cannot_be_read_is_refused(url):
    with pytest.raises(BadSettings, match="cannot be read") as refusal:
        S3Blobs(url, Access())
    assert "staple" not in refusal.value.message


def test_an_object_of_many_megabytes_comes_back(s3_server):
    blobs, content = open_blobs(s3_server.place()), bytes(20_000_000)
    assert blobs.put(content) == sha256(content).hexdigest()
    assert blobs.get(blobs.put(content)) == content


@contextmanager
def answering(status: int, code: str, *, times: int = 1_000_000) -> Iterator[str]:
    """The endpoint of a store that gives this error so many times, and then knows of nothing."""
    left = iter(range(times))

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said, what = (404, "NoSuchKey") if next(left, None) is None else (status, code)
            body = f"<Error><Code>{what}</Code></Error>".encode()
            self.send_response(said)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = answer  # noqa: N815 (the names of the standard library)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
