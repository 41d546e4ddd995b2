"""Files that were sent: what they are called, and what is in them."""

from collections.abc import Iterable

from fastapi import UploadFile


def sent(files: Iterable[UploadFile]) -> list[tuple[str, bytes]]:
    """Name and content of each, one without a name by its number; the names are not kept."""
    return [
        (file.filename or f"file {number}", file.file.read())
        for number, file in enumerate(files, 1)
    ]
