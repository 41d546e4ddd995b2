"""Uploads with identifiers wherever a file can hold them, and a search for them anywhere."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from re import finditer
from struct import pack
from zipfile import ZipFile, is_zipfile

import pydicom
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.dataset import Dataset
from pypdf import PdfReader

from tests.builders import picture, png
from tests.imaging.samples import chunk, dicom, raster

NAME, NUMBER, BORN, ACCESSION = "PLANTED^JANE", "PLANTED-4711", "19010203", "PLANTED-ACC-9"
# A digest without a key is an identifier as well: whoever tries all numbers finds it.
WORDS = ("PLANTED", BORN, "1901-02-03", sha256(NUMBER.encode()).hexdigest())
PLANTED = tuple(word.encode(form) for word in WORDS for form in ("utf-8", "utf-16-le"))


def tagged() -> bytes:
    """A DICOM file with identifiers in tags, a private one, the preamble and behind its end."""
    upload = dicom(
        picture(),
        Modality="CR",
        PatientName=NAME,
        PatientID=NUMBER,
        PatientBirthDate=BORN,
        AccessionNumber=ACCESSION,
        InstitutionName="PLANTED HOSPITAL",
        ImageComments=f"{NAME} {BORN}",
    )
    return NAME.encode().ljust(128, b"\0") + upload[128:]


def nested() -> bytes:
    """A DICOM file with identifiers in private tags and three sequences deep, and in an overlay."""
    inner, middle = Dataset(), Dataset()
    inner.PatientName, inner.PatientBirthDate = NAME, BORN
    inner.private_block(0x0011, "PLANTED MAKER", create=True).add_new(1, "LT", NUMBER)
    middle.OtherPatientIDsSequence = [inner]
    middle.private_block(0x0013, "PLANTED MAKER", create=True).add_new(2, "SQ", [inner])
    made = pydicom.dcmread(BytesIO(dicom(picture(2), Modality="CR")))
    made.RequestAttributesSequence = [middle]
    block = made.private_block(0x0009, "PLANTED MAKER", create=True)
    block.add_new(1, "UN", NAME.encode())
    block.add_new(2, "SQ", [middle])
    made.add_new(0x60003000, "OW", NAME.encode())
    stream = BytesIO()
    made.save_as(stream)
    return stream.getvalue()


def texted() -> bytes:
    """A PNG with identifiers in its texts, plain and compressed, its EXIF and behind its end."""
    info = PngInfo()
    for key, text in (("Title", NAME), ("Comment", NUMBER)):
        info.add_text(key, text)
    info.add_text("Description", ACCESSION, zip=True)
    info.add_itxt("Author", NAME, zip=True)
    exif = Image.Exif()
    exif[0x010E] = NAME
    exif[0x013B] = ACCESSION
    upload = png(picture(1), pnginfo=info, exif=exif)
    own = chunk(b"prVt", NAME.encode())
    return upload[:33] + own + upload[33:] + NAME.encode()


def photographed() -> bytes:
    """A JPEG, too large to arrive in memory alone, with identifiers in each kind of segment."""
    exif = Image.Exif()
    exif[0x010E] = NAME
    upload = raster(picture(3, 700, 600), "JPEG", exif=exif, comment=NUMBER.encode())
    notes = [(0xED, b"Photoshop 3.0\0" + NAME.encode()), (0xE9, (ACCESSION * 5000).encode())]
    segments = (b"\xff" + bytes([mark]) + pack(">H", len(note) + 2) + note for mark, note in notes)
    many = b"".join(segments) * 20
    assert len(many) > 2**20
    return upload[:2] + many + upload[2:] + BORN.encode()


GOOD = {"tagged": tagged, "nested": nested, "texted": texted, "photographed": photographed}
BAD = {"cut": lambda: tagged()[:400], "text": lambda: NAME.encode(), "empty": lambda: b""}


def found_in(contents: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where a planted word stands, in what was written or in its name; there must be something."""
    seen = [
        (place, part)
        for name, content in contents
        for place, part in [(name, name.encode()), *_parts(name, content)]
    ]
    assert seen, "nothing was there to look into"
    return [f"{place}: {word!r}" for place, part in seen for word in PLANTED if word in part]


def files_in(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below the folders."""
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file():
                yield str(file.relative_to(folder)), file.read_bytes()


def _parts(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The content, and what is compressed in it."""
    yield name, content
    if content.startswith((b"\x89PNG", b"%PDF")):
        for start in finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
            with suppress(zlib.error):
                yield f"{name}, inflated", zlib.decompressobj().decompress(content[start.start() :])
    if content.startswith(b"%PDF"):
        pages = PdfReader(BytesIO(content)).pages
        yield f"{name}, read", "\n".join(page.extract_text() for page in pages).encode()
    if content.startswith(b"PK") and is_zipfile(BytesIO(content)):
        with ZipFile(BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield f"{name}/{inner}", inner.encode()
                yield from _parts(f"{name}/{inner}", archive.read(inner))
