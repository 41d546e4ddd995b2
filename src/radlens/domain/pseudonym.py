"""Whose image it is, without saying who."""

from dataclasses import dataclass, field
from hashlib import sha256


@dataclass(frozen=True)
class Identity:
    """What a file says of whose image it is; it is neither kept nor printed.

    ``issuer`` and ``study`` are "" where the file names none.
    """

    issuer: str = field(repr=False)
    patient: str = field(repr=False)
    study: str = field(repr=False)


@dataclass(frozen=True)
class Place:
    """Which series an image says it is of, and its number there; None where it gives none.

    ``series`` is neither kept nor printed.
    """

    series: str = field(repr=False)
    number: int | None


@dataclass(frozen=True)
class Pseudonyms:
    """A patient and a study as 64 hexadecimal characters; ``study`` is "" where none was named.

    The same patient has the same pseudonym again on this site, and nobody without its key can
    tell whose it is. ``salt`` is random, different for each image.
    """

    patient: str
    study: str
    salt: str

    @property
    def commitment(self) -> str:
        """What the audit log holds of them: another pseudonym does not fit it.

        Once the salt is erased it says nothing any more, to the holder of the key neither.
        """
        return sha256(f"{self.salt} {self.patient} {self.study}".encode()).hexdigest()
