"""A model bundle on disk: a folder of its parts, and nothing else."""

from pathlib import Path

from radlens.domain.bundle import MOST_BYTES, Bundle, bundle_of, wrong_parts
from radlens.domain.errors import BadBundle
from radlens.domain.task import Task


def read_bundle(folder: Path, task: Task) -> Bundle:
    """Read a bundle for a task; raises BadBundle before anything of it has been opened."""
    return bundle_of(read_parts(folder), task)


def read_parts(folder: Path) -> dict[str, bytes]:
    """The parts of a bundle's folder as they lie there; raises BadBundle."""
    try:
        present = {path.name: path for path in folder.iterdir()}
        if wrong := wrong_parts(present.keys()):
            raise BadBundle(f"The bundle {folder.name} has missing or foreign parts: {wrong}.")
        if any(path.is_symlink() or not path.is_file() for path in present.values()):
            raise BadBundle(f"The bundle {folder.name} holds links or folders instead of files.")
        if sum(path.stat().st_size for path in present.values()) > MOST_BYTES:
            raise BadBundle(f"The bundle {folder.name} is larger than {MOST_BYTES:,} bytes.")
        return {name: path.read_bytes() for name, path in present.items()}
    except OSError as error:
        raise BadBundle(f"The bundle {folder.name} cannot be read.") from error
