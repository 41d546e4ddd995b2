"""Text to a file of its own, or to standard output."""

from collections.abc import Iterable
from pathlib import Path

import click

from radlens.domain.errors import StorageUnavailable


def lines_to(out: Path | None, lines: Iterable[str]) -> None:
    """Write line by line; raises StorageUnavailable where the file cannot be written."""
    if out is None:
        for line in lines:
            click.echo(line, nl=False)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)
    except OSError as error:
        raise StorageUnavailable(
            f"{out} cannot be written: {error.strerror}.", hint="Name another place."
        ) from error


def bytes_to(out: Path, content: bytes) -> None:
    """Write a file whole; raises StorageUnavailable where it cannot be written."""
    try:
        out.write_bytes(content)
    except OSError as error:
        raise StorageUnavailable(
            f"{out} cannot be written: {error.strerror}.", hint="Name another place."
        ) from error
