"""RLE Lossless, DICOM PS3.5 Annex G."""

import struct

from radlens.domain.errors import UnreadableImage

# Written here because the decoders at hand either panic on damaged bytes (pylibjpeg-rle) or
# follow run lengths far beyond the image (pydicom's own).


def unpack_rle(codestream: bytes, *, plane_bytes: int, samples: int, sample_bytes: int) -> bytes:
    """One frame as little-endian planes, one after the other (Planar Configuration 1).

    ``plane_bytes`` is rows x columns. Raises UnreadableImage or IndexError for damaged bytes.
    """
    count, *offsets = struct.unpack_from("<16L", codestream)
    if count != samples * sample_bytes:
        raise UnreadableImage("The compressed image has another number of planes than it says.")
    ends = [*offsets[1:count], len(codestream)]
    planes = bytearray(plane_bytes * count)
    for segment, (begin, end) in enumerate(zip(offsets, ends, strict=False)):
        sample, significance = divmod(segment, sample_bytes)  # the most significant byte first
        first = sample * sample_bytes * plane_bytes + sample_bytes - 1 - significance
        past = (sample + 1) * sample_bytes * plane_bytes
        planes[first:past:sample_bytes] = _unpack(codestream[begin:end], plane_bytes)
    return bytes(planes)


def _unpack(segment: bytes, length: int) -> bytes:
    """PackBits (G.3.1) until there are ``length`` bytes, and not one run further."""
    out, at = bytearray(), 0
    while len(out) < length:
        control = segment[at]
        if control < 128:
            out += segment[at + 1 : at + 2 + control]
            at += control + 2
        elif control > 128:
            out += segment[at + 1 : at + 2] * (257 - control)
            at += 2
        else:
            at += 1
    return bytes(out[:length])
