"""Datasets in memory with leaks that were put there, to see whether they are found."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image as Picture

from radlens.domain.dataset import Dataset, Image
from radlens.domain.prediction import ImageRef
from radlens.domain.task import Task
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png
from radlens.ports import Site
from tests.builders import picture, png

ANATOMY = picture(12345, 96, 96).astype(float)


def alike(seed: int) -> np.ndarray:
    """A picture that shares three fifths with every other, as chests do, (96, 96) uint8."""
    own = picture(seed, 96, 96).astype(float)
    return (0.6 * ANATOMY + 0.4 * own).round().astype(np.uint8)


def encoded_again(pixels: np.ndarray, quality: int = 60) -> bytes:
    stream = BytesIO()
    Picture.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def cropped(pixels: np.ndarray) -> bytes:
    """With 5 % of each side gone, more at one end than at the other."""
    rows, cols = pixels.shape
    return png(pixels[rows // 60 : rows - rows // 30, cols // 30 : cols - cols // 60])


def brighter(pixels: np.ndarray) -> bytes:
    return png(np.clip(pixels.astype(float) + 30, 0, 255).astype(np.uint8))


def mirrored(pixels: np.ndarray) -> bytes:
    """Left for right, and cropped as well."""
    return cropped(pixels[:, ::-1])


WAYS = (encoded_again, cropped, brighter, mirrored)


def stored(
    site: Site,
    uploads: Sequence[bytes],
    task: Task,
    *,
    splits: Sequence[str],
    patients: Sequence[str] = (),
    labels: Sequence[int] = (),
) -> Dataset:
    """A dataset of these uploads; labels in turn unless given."""
    images = []
    for n, upload in enumerate(uploads):
        scan = decode(upload)
        ref = ImageRef.of(scan, site.blobs.put(encode_png(scan)))
        label = labels[n] if labels else n % len(task.labels)
        images.append(
            Image(
                file=f"{n + 1}-{ref.digest[:8]}",
                stored=ref,
                split=splits[n],
                patient=patients[n] if patients else "",
                truth=tuple(float(i == label) for i in range(len(task.labels))),
                about={"source": "made by a test"},
            )
        )
    return Dataset("set", task.name, task.names, tuple(images))
