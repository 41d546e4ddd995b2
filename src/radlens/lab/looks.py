"""What is remembered of every image of a dataset to find the same picture again."""

from collections.abc import Iterable
from dataclasses import dataclass
from tempfile import TemporaryFile

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Picture

from radlens.domain.dataset import Image
from radlens.domain.scan import Scan
from radlens.imaging.encode import restore
from radlens.imaging.prepare import grey
from radlens.lab.networks import Net, build
from radlens.lab.progress import Seen, silent
from radlens.lab.recipe import LITE
from radlens.lab.weights import load_strictly, published
from radlens.ports import Blobs

COPY, PRINT = 64, 16
# What is kept of the sides before the fingerprint is taken: a crop is nearest to its own crop.
CROPS = (1.0, 0.95, 0.9)
NETWORK, CLASSES, SIDE, FEATURES, BATCH = "efficientnet-lite0", 1000, 96, 1280, 32


@dataclass(frozen=True, eq=False)
class Looks:
    """Of n images: small grey ``copies`` (n, 64, 64) uint8, ``prints`` (n, 2, 3, 32) uint8, the
    bits of the fingerprint of each crop, as the image is and mirrored, and ``features``
    (n, 1280) float16 of length 1.

    Copies and features lie in a temporary file, so that memory does not grow with the dataset.
    """

    copies: NDArray[np.uint8]
    prints: NDArray[np.uint8]
    features: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.copies)


def look_at(blobs: Blobs, images: tuple[Image, ...], seen: Seen = silent) -> Looks:
    """The looks of stored images; raises where an object is missing or damaged."""
    scans = (restore(blobs.get(image.digest), image.stored) for image in images)
    return look(scans, len(images), seen)


def look(scans: Iterable[Scan], n: int, seen: Seen = silent) -> Looks:
    """The looks of n scans, read once and one batch at a time."""
    looks = Looks(
        _on_disk((n, COPY, COPY), np.uint8),
        np.empty((n, 2, len(CROPS), PRINT * PRINT // 8), np.uint8),
        _on_disk((n, FEATURES), np.float16),
    )
    network = imagenet_network()
    waiting: list[NDArray[np.float32]] = []
    for at, scan in enumerate(scans):
        copy = grey(scan, COPY, COPY)
        looks.copies[at] = np.rint(copy * 255)
        ways = copy, copy[:, ::-1]
        looks.prints[at] = [[fingerprint(way, keep) for keep in CROPS] for way in ways]
        waiting.append(grey(scan, SIDE, SIDE))
        if len(waiting) == BATCH or at == n - 1:
            looks.features[at + 1 - len(waiting) : at + 1] = features(network, np.stack(waiting))
            waiting.clear()
        seen(at + 1, n)
    return looks


def fingerprint(copy: NDArray[np.float32], keep: float = 1.0) -> NDArray[np.uint8]:
    """Is each pixel of the middle brighter than its left neighbour? 256 bits, packed: (32,).

    The difference hash (dHash, Krawetz 2013) of the part ``keep`` of both sides of a grey copy in
    [0, 1]; a margin keeps noise in black borders out.
    """
    edge = (1 - keep) / 2
    rows, cols = copy.shape
    box = (edge * cols, edge * rows, (1 - edge) * cols, (1 - edge) * rows)
    small = Picture.fromarray(copy).resize((PRINT + 1, PRINT), Picture.Resampling.BILINEAR, box=box)
    return np.packbits(np.diff(np.asarray(small), axis=1) > 0.01)


def imagenet_network() -> Net:
    """EfficientNet-Lite0 with the ImageNet weights of its package, ready to look."""
    network = build(NETWORK, CLASSES, torch.Generator().manual_seed(0))
    load_strictly(network, published(NETWORK))
    return network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


@torch.inference_mode()
def features(network: Net, greys: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pooled features (n, 1280) of length 1, of greys (n, rows, cols) in [0, 1]."""
    images = torch.from_numpy(greys)[:, None].expand(-1, 3, -1, -1)
    mean, std = (torch.tensor(values)[:, None, None] for values in LITE)
    pooled = network.maps((images - mean) / std).mean((2, 3))
    return torch.nn.functional.normalize(pooled, dim=1).numpy()


def _on_disk(shape: tuple[int, ...], dtype: type[np.generic]) -> np.memmap:
    with TemporaryFile() as file:
        return np.memmap(file, dtype, "w+", shape=shape)
