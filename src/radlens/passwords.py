"""Passwords are kept as Argon2id hashes (RFC 9106, the profile for little memory)."""

from functools import cached_property
from typing import TYPE_CHECKING

from radlens.domain.errors import DigestMismatch

if TYPE_CHECKING:
    from argon2 import PasswordHasher


class Argon2Passwords:
    """The slow function that keeps passwords; argon2 is imported when it is first needed."""

    def kept(self, password: str) -> str:
        return self._hasher.hash(password)

    def right(self, kept: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

        try:
            return self._hasher.verify(kept or self._nobodys, password) and kept is not None
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            raise DigestMismatch("A kept password cannot be read as it was written.") from error

    def outdated(self, kept: str) -> bool:
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        from argon2 import PasswordHasher

        return PasswordHasher()

    @cached_property
    def _nobodys(self) -> str:
        """What an unknown name is compared with, so that it takes as long as a known one."""
        return self._hasher.hash("nobody's password")
