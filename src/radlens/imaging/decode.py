"""Bytes -> Scan: the one way in for images."""

from radlens.domain.errors import TooLarge, UnreadableImage
from radlens.domain.pseudonym import Identity, Place
from radlens.domain.scan import Bounds, Scan
from radlens.imaging.raster import decode_raster

DEFAULT_BOUNDS = Bounds()


def decode(upload: bytes, bounds: Bounds = DEFAULT_BOUNDS) -> Scan:
    """Decode one PNG, JPEG or DICOM file, recognised by its content alone.

    Raises UnreadableImage, TooLarge or NotAssessable; bounds are checked before decoding.
    """
    if len(upload) > bounds.upload_bytes:
        raise TooLarge(
            f"The file has {len(upload):,} bytes; at most {bounds.upload_bytes:,} are read."
        )
    if upload.startswith(b"\x89PNG\r\n\x1a\n"):
        return decode_raster(upload, "PNG", bounds)
    if upload.startswith(b"\xff\xd8\xff"):
        return decode_raster(upload, "JPEG", bounds)
    if upload[128:132] == b"DICM":
        import_pydicom()
        from radlens.imaging.dicom import decode_dicom

        return decode_dicom(upload, bounds)
    raise UnreadableImage("The file is empty." if not upload else _unknown(upload))


def identity(upload: bytes, scan: Scan, bounds: Bounds = DEFAULT_BOUNDS) -> Identity | None:
    """Whose image the file of a scan says it is; None where it does not, as PNG never does."""
    if scan.source != "dicom":
        return None
    import_pydicom()
    from radlens.imaging.dicom_identity import dicom_identity

    return dicom_identity(upload, bounds)


def place(upload: bytes, bounds: Bounds = DEFAULT_BOUNDS) -> Place | None:
    """Which series a file says it is of, whether it can be decoded or not; None where none."""
    if upload[128:132] != b"DICM" or len(upload) > bounds.upload_bytes:
        return None
    import_pydicom()
    from radlens.imaging.dicom_identity import dicom_place

    return dicom_place(upload, bounds)


def import_pydicom() -> None:
    """Import pydicom when it is first asked for, and wait where another thread is doing so.

    It takes three times as long as everything else on the way to an answer. Its modules import one
    another: of two threads that began at two of them, one would get the other's half made.
    """
    import radlens.imaging.dicom  # noqa: F401 (one module, so that its import is waited for)


def _unknown(upload: bytes) -> str:
    named = {b"PK\x03\x04": "a ZIP archive", b"%PDF": "a PDF", b"GIF8": "a GIF", b"II*\0": "a TIFF"}
    what = named.get(upload[:4], "something else")
    return f"The file is neither PNG, JPEG nor DICOM: its content is {what}."
