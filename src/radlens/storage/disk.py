"""What a file system needs told, so that what was written is there after a power cut."""

import os
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

# A full disk, a quota and a limit.
FULL = (ENOSPC, EDQUOT, EFBIG)


def sync(folder: Path) -> None:
    """Put the names in a folder on its disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
