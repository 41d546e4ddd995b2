"""DICOM look-up tables: modality, VOI and palette."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import UnreadableImage


@dataclass(frozen=True, eq=False)
class Lut:
    """Entries for the values from ``first`` on; ``top`` is the largest that an entry may be."""

    first: int
    entries: NDArray[np.uint16]
    top: int

    def __call__(self, values: NDArray[np.integer]) -> NDArray[np.uint16]:
        """The entries of integer values; those beyond either end get the entry there."""
        return np.take(self.entries, values - self.first, mode="clip")


def read_lut(descriptor: Any, data: Any, *, signed: bool, little_endian: bool) -> Lut:
    """A look-up table from its descriptor and data (PS3.3 C.11.1.1.1, C.7.6.3.1.5).

    ``signed`` says that the values looked up are, whatever the descriptor was written as.
    """
    length, first, depth = (int(number) for number in descriptor)
    if not 8 <= depth <= 16:
        raise UnreadableImage(f"The DICOM file has a look-up table of {depth} bits.")
    entries = _entries(data, length or 2**16, depth, ">u2" if not little_endian else "<u2")
    if signed and first >= 2**15:
        first -= 2**16
    return Lut(first, entries, max(2**depth - 1, int(entries.max())))


def _entries(data: Any, length: int, depth: int, words: str) -> NDArray[np.uint16]:
    if not isinstance(data, bytes):
        numbers = np.atleast_1d(np.asarray(data, np.int64))
    elif depth == 8 and len(data) in (length, length + 1):  # a byte an entry: older files
        numbers = np.frombuffer(data, np.uint8, length).astype(np.int64)
    else:
        numbers = np.frombuffer(data, words, length).astype(np.int64)
    if len(numbers) < length:
        raise UnreadableImage("The DICOM file has a look-up table that is cut short.")
    return numbers[:length].astype(np.uint16)
