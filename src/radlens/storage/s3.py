"""Objects in a bucket of any S3: AWS, Supabase Storage, Swift, MinIO."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from radlens.domain.errors import (
    BadSettings,
    DigestMismatch,
    NoSuchObject,
    RadLensError,
    StorageFull,
    StorageUnavailable,
)
from radlens.storage.folder import DIGEST
from radlens.storage.places import Access

# A store that does not answer is asked again for a few seconds, with back-off.
PATIENCE: Any = {
    "max_retries": 5,
    "retry_timeout": timedelta(seconds=5),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=1),
        "base": 2,
    },
}
LIMITS: dict[str, Any] = {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(minutes=1)}
CODE = re.compile(r"<Code>(\w+)</Code>")
KEYS = ("SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthorizationHeaderMalformed")
FULL = re.compile(
    r"507 Insufficient Storage|<Code>\w*(?:QuotaExceeded|StorageFull|InsufficientStorage)"
)


class S3Blobs:
    """The objects of a site below ``s3://BUCKET/PREFIX``, each under the SHA-256 of its bytes.

    Every method raises StorageFull or StorageUnavailable for what the store says.
    """

    def __init__(self, url: str, access: Access) -> None:
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.hostname or parts.username or parts.query:
            raise BadSettings(
                "The address of the objects cannot be read.",
                hint="It has the form s3://BUCKET or s3://BUCKET/PREFIX.",
            )
        named: dict[str, Any] = {
            "endpoint": access.endpoint,
            "region": access.region,
            "access_key_id": access.key,
            "secret_access_key": access.secret,
        }
        self._bucket = parts.netloc
        limits: Any = {**LIMITS, "allow_http": access.endpoint.startswith("http:")}
        self._store = S3Store(
            self._bucket,
            prefix=parts.path.strip("/") or None,
            client_options=limits,
            retry_config=PATIENCE,
            **{name: value for name, value in named.items() if value},
        )

    def put(self, content: bytes) -> str:
        digest = sha256(content).hexdigest()
        with self._translated(digest):
            try:
                self._write(digest, content, mode="create")
            except AlreadyExistsError:
                if self._read(digest) != content:
                    self._write(digest, content, mode="overwrite")
        return digest

    def get(self, digest: str) -> bytes:
        with self._translated(digest):
            content = self._read(digest)
        if sha256(content).hexdigest() != digest:
            raise DigestMismatch(f"The object {digest} is not what was written.")
        return content

    def delete(self, digest: str) -> None:
        with self._translated(digest):
            obstore.delete(self._store, _path(digest))

    def _write(self, digest: str, content: bytes, *, mode: Any) -> None:
        # In one request, whose signature covers the bytes.
        obstore.put(self._store, _path(digest), content, mode=mode, use_multipart=False)

    def _read(self, digest: str) -> bytes:
        return bytes(obstore.get(self._store, _path(digest)).bytes())

    @contextmanager
    def _translated(self, digest: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise self._leaf(error, digest) from error

    def _leaf(self, error: Exception, digest: str) -> RadLensError:
        said = str(error)
        found = CODE.search(said)
        code = found[1] if found else ""
        if code == "NoSuchBucket":
            return StorageUnavailable(
                f"There is no bucket {self._bucket}.", hint="Make it, or correct `objects`."
            )
        if isinstance(error, FileNotFoundError):
            return NoSuchObject(f"There is no object {digest}.")
        if FULL.search(said):
            return StorageFull(f"The object store has no room left in {self._bucket}.")
        if code in KEYS:
            return StorageUnavailable(
                f"The object store does not accept the key ({code}).",
                hint="Correct `s3_key`, `s3_secret` and `s3_region`.",
            )
        if code == "AccessDenied" or "403 Forbidden" in said:
            return StorageUnavailable(
                f"The object store does not let this key use the bucket {self._bucket}.",
                hint="The key needs the right to get, put and delete objects in it.",
            )
        return StorageUnavailable(
            f"The object store does not answer{f' ({code})' if code else ''}.",
            hint="Check that it runs, and `s3_endpoint` and `objects` in the settings.",
        )


def _path(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        raise NoSuchObject(f"There is no object {digest!r}.")
    return f"{digest[:2]}/{digest}"
