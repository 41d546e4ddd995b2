"""Made images beside the real ones that they are nearest to, for a person to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from radlens.domain.scan import Scan
from radlens.imaging.prepare import grey
from radlens.reports.fonts import FOLDER, REGULAR

SIDE, GAP, LINE = 160, 8, 18
ACROSS = 3  # rows of pairs beside each other
HEAD = ("synthetic", "nearest training image", "nearest held-out image")
INK, PAPER, WARN = "#0f172a", "white", "#b91c1c"


@dataclass(frozen=True, eq=False)
class Row:
    """One made image, the training and the held-out image nearest to it, and what to say."""

    scans: tuple[Scan, Scan, Scan]
    said: str
    copy: bool


def sheet(rows: Sequence[Row]) -> bytes:
    """A PNG; over every made image stands that it is synthetic."""
    font = ImageFont.truetype(str(FOLDER / f"{REGULAR}.ttf"), 12)
    wide, high = 3 * (SIDE + GAP) + 2 * GAP, SIDE + 2 * LINE + GAP
    size = (ACROSS * wide, -(-len(rows) // ACROSS) * high + GAP)
    page = Picture.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(page)
    for at, row in enumerate(rows):
        left, top = at % ACROSS * wide + GAP, at // ACROSS * high + GAP
        for n, (scan, head) in enumerate(zip(row.scans, HEAD, strict=True)):
            x = left + n * (SIDE + GAP)
            draw.text((x, top), head, INK, font)
            page.paste(Picture.fromarray(_cell(scan)), (x, top + LINE))
            if n == 0:
                draw.text((x + 4, top + LINE + SIDE - 16), "SYNTHETIC", "#facc15", font)
        draw.text((left, top + LINE + SIDE + 2), row.said, WARN if row.copy else INK, font)
    stream = BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def _cell(scan: Scan) -> NDArray[np.uint8]:
    return np.rint(grey(scan, SIDE, SIDE) * 255).astype(np.uint8)
