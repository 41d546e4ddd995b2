"""A bundle as a zip file: every rule is checked from its directory before a part is read."""

import zlib
from collections.abc import Mapping
from io import BytesIO
from stat import S_IFMT, S_IFREG
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from radlens.domain.bundle import MOST_BYTES, NETWORK, OPTIONAL, PARTS, wrong_parts
from radlens.domain.errors import BadBundle

# Weights hardly shrink, and text rarely to a hundredth: more is a bomb.
RATIO = 200
# The record at the end of a zip without a comment, and the most that its directory may take.
END_BYTES, DIRECTORY_BYTES, ZIP64 = 22, 16_384, b"PK\x06\x07"
# The first bytes of what must never be opened, and what it is; a zip begins with "PK".
FOREIGN: Mapping[bytes, str] = {
    b"\x80": "a pickle",
    b"\x1f\x8b": "a gzip or tar archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x93NUMPY": "a numpy array",
    b"\x89HDF": "an HDF5 file",
}
HINT = "Send the bundle's folder as a zip, or what `radlens models export` wrote: no pickles."


def parts_of(archive: bytes) -> dict[str, bytes]:
    """The parts of a zipped bundle, alone or in one folder; raises BadBundle.

    Names, links, encryption, counts and sizes are judged before anything is unpacked, and
    nothing is ever written to a disk.
    """
    _check_format(archive)
    try:
        with ZipFile(BytesIO(archive)) as opened:
            named = _named(opened.infolist())
            return {name: _read(opened, info) for name, info in named.items()}
    except (BadZipFile, LargeZipFile, zlib.error, ValueError, OSError) as error:
        raise BadBundle(f"The zip file is damaged: {error}.", hint=HINT) from error
    except (NotImplementedError, RuntimeError) as error:
        raise BadBundle("The zip file uses what bundles never use.", hint=HINT) from error


def archive_of(parts: Mapping[str, bytes], folder: str) -> bytes:
    """The parts as a zip with one folder; the same parts give the same bytes."""
    stream = BytesIO()
    with ZipFile(stream, "w") as opened:
        for name in sorted(parts):
            info = ZipInfo(f"{folder}/{name}")
            info.external_attr = (S_IFREG | 0o644) << 16
            info.compress_type = ZIP_STORED if name == NETWORK else ZIP_DEFLATED
            opened.writestr(info, parts[name])
    return stream.getvalue()


def _check_format(archive: bytes) -> None:
    for first, kind in FOREIGN.items():
        if archive.startswith(first):
            raise BadBundle(f"This is {kind}, which is never opened here.", hint=HINT)
    if archive[257:262] == b"ustar":
        raise BadBundle("This is a tar archive, which is never opened here.", hint=HINT)
    if not archive.startswith(b"PK\x03\x04"):
        raise BadBundle("This is no zip file.", hint=HINT)
    # A directory of millions of entries would fill the memory before they could be counted.
    end = archive[-END_BYTES:]
    size = int.from_bytes(end[12:16], "little")
    if not end.startswith(b"PK\x05\x06") or size > DIRECTORY_BYTES or ZIP64 in archive[-42:]:
        raise BadBundle("The zip file is cut off or holds more than a bundle.", hint=HINT)


def _named(entries: list[ZipInfo]) -> dict[str, ZipInfo]:
    """The parts by their name; raises BadBundle where there is anything else."""
    files = [entry for entry in entries if not entry.is_dir()]
    for entry in entries:
        _check_entry(entry)
    most = len(PARTS | OPTIONAL)
    if len(entries) > most + 1 or len(files) > most:
        said = f"The zip file holds {len(entries)} entries; a bundle has {most} at most."
        raise BadBundle(said, hint=HINT)
    if sum(entry.file_size for entry in files) > MOST_BYTES:
        raise BadBundle(f"The bundle is larger than {MOST_BYTES:,} bytes.")
    folders = {entry.filename.rpartition("/")[0] for entry in files}
    named = {entry.filename.rpartition("/")[2]: entry for entry in files}
    if len(folders) > 1 or any("/" in folder for folder in folders) or len(named) != len(files):
        raise BadBundle("The parts of a bundle lie side by side, each once.", hint=HINT)
    if wrong := wrong_parts(named.keys()):
        raise BadBundle(f"The bundle has missing or foreign parts: {wrong}.", hint=HINT)
    return named


def _check_entry(entry: ZipInfo) -> None:
    # ``orig_filename`` is what the file says, before zipfile cuts it at a zero byte.
    name, kind = entry.orig_filename, S_IFMT(entry.external_attr >> 16)
    steps = name.removesuffix("/").split("/")
    if "\\" in name or "\0" in name or ":" in name or {"", ".", ".."} & set(steps):
        raise BadBundle(f"The zip file names a place outside of itself: {name!r}.", hint=HINT)
    if kind not in (0, S_IFREG) and not entry.is_dir():
        raise BadBundle(f"The zip file holds a link or a device: {name!r}.", hint=HINT)
    if entry.flag_bits & 0x1:
        raise BadBundle("The zip file is encrypted.", hint=HINT)
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadBundle("The zip file is packed in a way that bundles never are.", hint=HINT)
    if entry.file_size > RATIO * max(entry.compress_size, 1024):
        raise BadBundle(f"The zip file would swell beyond measure at {name!r}.", hint=HINT)


def _read(opened: ZipFile, entry: ZipInfo) -> bytes:
    with opened.open(entry) as stream:
        content = stream.read(entry.file_size + 1)  # a directory may lie about the size
    if len(content) != entry.file_size:
        raise BadBundle("The zip file's directory lies about its content.", hint=HINT)
    return content
