"""The key that signs checkpoints of the audit log, and the file that keeps them a second time."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radlens.domain.checkpoint import Checkpoint, Statement
from radlens.domain.errors import BadSettings
from radlens.storage.disk import sync, told, write_once
from radlens.storage.rows import time_of, zoned

if TYPE_CHECKING:  # OpenSSL is loaded by those who sign or verify, not by every command
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class FileSeal:
    """An Ed25519 key in the file ``secret`` (PEM) and checkpoints as JSON lines in ``mirror``.

    The key is made on first use where ``make`` allows it; ``before`` are public keys of the
    site's past. Both are readable by this user only.
    Raises BadSettings for a key that cannot be used, StorageFull and StorageUnavailable.
    """

    secret: Path
    mirror: Path
    make: bool = True
    before: frozenset[str] = frozenset()

    def key(self) -> str:
        return self._private().public_key().public_bytes_raw().hex()

    def held(self) -> str | None:
        with told(self.secret):
            there = self.secret.exists()
        return self.key() if there else None

    def sign(self, statement: Statement) -> Checkpoint:
        return Checkpoint(statement, self._private().sign(statement.to_bytes()).hex())

    def genuine(self, checkpoint: Checkpoint) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        said = checkpoint.statement
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said.key))
            public.verify(bytes.fromhex(checkpoint.signature), said.to_bytes())
        except (InvalidSignature, ValueError):
            return False
        return True

    def keep(self, checkpoints: Sequence[Checkpoint]) -> None:
        lines = "".join(f"{_line(checkpoint)}\n" for checkpoint in checkpoints)
        with told(self.mirror):
            self.mirror.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            there = os.open(self.mirror, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(there).st_size
                cut = size and os.pread(there, 1, size - 1) != b"\n"  # by a crash half-way
                os.write(there, f"{chr(10) if cut else ''}{lines}".encode())
                os.fsync(there)
            finally:
                os.close(there)
            sync(self.mirror.parent)

    def kept(self) -> list[Checkpoint]:
        with told(self.mirror):
            try:
                lines = self.mirror.read_bytes().split(b"\n")
            except FileNotFoundError:
                return []
        # What was cut short by a crash was never acknowledged: the next line is whole again.
        found = (_checkpoint(line) for line in lines if line)
        return sorted(filter(None, found), key=lambda checkpoint: checkpoint.seq)

    def _private(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(self._pem(), password=None)
        except (ValueError, TypeError) as error:
            raise self._unusable("cannot be read") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise self._unusable("is not an Ed25519 key")
        return key

    def _pem(self) -> bytes:
        with told(self.secret):
            try:
                return self.secret.read_bytes()
            except FileNotFoundError as error:
                if not self.make:
                    raise self._unusable("is not there") from error
            write_once(self.secret, _new_pem)
            return self.secret.read_bytes()

    def _unusable(self, why: str) -> BadSettings:
        return BadSettings(
            f"The key of the audit log {why}: {self.secret}.",
            hint="`openssl genpkey -algorithm ed25519` makes one; keep the public keys of before.",
        )


def _new_pem() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Ed25519PrivateKey.generate().private_bytes(*form)


def _line(checkpoint: Checkpoint) -> str:
    said = asdict(checkpoint.statement) | {"time": zoned(checkpoint.statement.time)}
    return json.dumps(said | {"signature": checkpoint.signature})


def _checkpoint(line: bytes) -> Checkpoint | None:
    """The checkpoint of a line; None where it is none, which a signature would show as well."""
    try:
        entries = json.loads(line)
        signature = str(entries.pop("signature"))
        said = Statement(**entries | {"time": time_of(entries["time"])})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    texts = (said.digest, said.trace, said.key)
    fits = isinstance(said.seq, int) and all(isinstance(text, str) for text in texts)
    return Checkpoint(said, signature) if fits else None
