"""What an image's edges give away: blank pictures, frames and writing that were burnt in."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from radlens.domain.scan import Scan
from radlens.imaging.prepare import grey, percentiles

SIDE = 384
# Of the window: what varies less than this shows nothing.
BLANK = 0.02
# A frame is flat lines from the edge inwards that end in a step: wide ones in any step, a single
# line in a large one. Air around a head is flat too, but the first lines of a head are mostly air.
FLAT = 0.02
LEAST_WIDTH, STEP, LINE_STEP = 0.015, 0.1, 0.4
# Letters, in pixels of SIDE: apart from everything, brighter than what is around them, all of one
# height and brightness, on one line. Three of them; two specks of a skull may lie on one line.
BRIGHTER, AROUND = 0.35, 0.5
HEIGHT, WIDTH, GAP, LETTERS = (6, 16), (2, 16), 9, 3


@dataclass(frozen=True, eq=False)
class Frame:
    """``numbers`` (16,): of each side the mean, the spread, the flat part, and the next step."""

    numbers: NDArray[np.float32]
    blank: bool = False
    border: bool = False
    writing: bool = False


def frame(scan: Scan) -> Frame:
    """What the edges of a scan look like."""
    image = grey(scan, SIDE, SIDE)
    low, high = percentiles(image, (0.5, 99.5))
    if high - low < BLANK:
        return Frame(np.zeros(16, np.float32), blank=True)
    turned = [np.rot90(image, turns) for turns in range(4)]
    sides = np.array([_side(each) for each in turned], np.float32)
    wide = (sides[:, 2] >= LEAST_WIDTH) & (sides[:, 3] >= STEP)
    border = bool((wide | (sides[:, 3] >= LINE_STEP)).any())
    return Frame(sides.ravel(), border=border, writing=writing(image))


def _side(image: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Of the first row: mean and spread; how far rows are as flat; the step that ends them."""
    half = image[: len(image) // 2]
    means = half.mean(1)
    flat = (half.std(1) < FLAT) & (np.abs(means - means[0]) < FLAT)
    count = int(np.argmin(flat)) if not flat.all() else len(flat)
    step = 0.0
    if 0 < count < len(half) - 2:
        # Two rows on: resampling mixes the first row behind a frame with it.
        step = float(np.median(np.abs(half[count + 1] - half[count - 1])))
    return float(means[0]), float(half[0].std()), count / len(image), step


def writing(image: NDArray[np.float32]) -> bool:
    """Whether three letters stand beside each other in a grey image (SIDE, SIDE) in [0, 1].

    Letters that touch, or are lower than six pixels, are not seen.
    """
    letters = sorted(_letters(image), key=lambda letter: letter.left)
    for at, first in enumerate(letters):
        last, count = first, 1
        for letter in letters[at + 1 :]:
            if first.beside(letter) and 0 <= letter.left - last.right <= GAP:
                last, count = letter, count + 1
        if count >= LETTERS:
            return True
    return False


@dataclass(frozen=True)
class _Letter:
    left: int
    right: int
    bottom: int
    height: int
    brightness: float

    def beside(self, other: "_Letter") -> bool:
        """Whether both may be of one line of writing."""
        return (
            abs(self.bottom - other.bottom) <= 2
            and abs(self.height - other.height) <= 3
            and abs(self.brightness - other.brightness) < 0.15
        )


def _letters(image: NDArray[np.float32]) -> Iterator[_Letter]:
    # What an opening takes away is bright and narrower than the opening.
    narrow = image - ndimage.grey_opening(image, (13, 13))
    named, _ = ndimage.label(narrow > BRIGHTER, np.ones((3, 3)))
    for number, (rows, cols) in enumerate(ndimage.find_objects(named), 1):
        height, width = rows.stop - rows.start, cols.stop - cols.start
        if not (HEIGHT[0] <= height <= HEIGHT[1] and WIDTH[0] <= width <= WIDTH[1]):
            continue
        brightness = float(image[rows, cols][named[rows, cols] == number].max())
        near = np.s_[max(rows.start - 2, 0) : rows.stop + 2, max(cols.start - 2, 0) : cols.stop + 2]
        around = image[near][named[near] == 0]
        if around.size and np.percentile(around, 75) <= AROUND * brightness:
            yield _Letter(cols.start, cols.stop, rows.stop, height, brightness)
