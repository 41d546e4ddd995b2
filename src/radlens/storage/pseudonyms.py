"""The secret key of a site that turns identities into pseudonyms, and the file that keeps it."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from radlens.domain.errors import BadSettings
from radlens.domain.pseudonym import Identity, Pseudonyms
from radlens.storage.disk import told, write_once

KEY_BYTES = 32


@dataclass(frozen=True)
class HmacPseudonymiser:
    """HMAC-SHA-256 under what ``key`` gives; raises what ``key`` raises."""

    key: Callable[[], bytes]

    def of(self, identity: Identity) -> Pseudonyms:
        key, who = self.key(), (identity.issuer, identity.patient)
        study = _mac(key, "study", *who, identity.study) if identity.study else ""
        return Pseudonyms(_mac(key, "patient", *who), study, token_hex(16))


@dataclass(frozen=True)
class FileKey:
    """A key of 32 bytes or more in a file, as hexadecimal text that this user alone may read.

    It is made on first use where ``make`` allows it.
    Raises BadSettings for a key that cannot be used, StorageFull and StorageUnavailable.
    """

    place: Path
    make: bool = True

    def __call__(self) -> bytes:
        try:
            key = bytes.fromhex(self._text())
        except ValueError as error:
            raise self._unusable("is no hexadecimal text") from error
        if len(key) < KEY_BYTES:
            raise self._unusable(f"is shorter than {KEY_BYTES} bytes")
        return key

    def _text(self) -> str:
        with told(self.place):
            try:
                return self.place.read_text("ascii")
            except FileNotFoundError as error:
                if not self.make:
                    raise self._unusable("is not there") from error
            write_once(self.place, lambda: f"{token_hex(KEY_BYTES)}\n".encode())
            return self.place.read_text("ascii")

    def _unusable(self, why: str) -> BadSettings:
        return BadSettings(
            f"The key of the patients' pseudonyms {why}: {self.place}.",
            hint="Bring it back from where you keep it; `openssl rand -hex 32` makes another one, "
            "by which no patient of before is known again.",
        )


def _mac(key: bytes, *said: str) -> str:
    return hmac.digest(key, json.dumps(said).encode(), "sha256").hex()
