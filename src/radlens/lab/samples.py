"""Sample images that belong to nobody, for trying RadLens out: blends of many images."""

from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL.PngImagePlugin import PngInfo

from radlens.domain.dataset import TRAIN, Dataset
from radlens.domain.errors import BadDataset
from radlens.domain.gate import Assessment, Verdict
from radlens.domain.model import InputSpec
from radlens.domain.scan import Scan
from radlens.imaging.decode import decode
from radlens.imaging.prepare import prepare
from radlens.lab.blends import COUNT, Stack, blends, heads
from radlens.lab.dataset import read_cases
from radlens.lab.duplicates import grouped, near_pairs
from radlens.lab.looks import look
from radlens.lab.phantoms import Plane
from radlens.lab.subject import find_model, scan_of
from radlens.model_ports import Engine
from radlens.ports import Blobs, Site

SIDE, TRIES = 320, 40
GREY = InputSpec(SIDE, SIDE, (0.5,) * 3, (0.5,) * 3, (1.0, 99.0))
NOBODY = (
    "Synthetic: the trimmed mean of {count} training images of different patients or groups, "
    "sharpened. It shows no patient."
)


def sample(site: Site, dataset: Dataset, bundle: Path) -> bytes:
    """A PNG that the model of a ``bundle`` reads, repeating none of the dataset's images.

    The first seed counts whose blend the model's own gate finds assessable, or else the first that
    is only doubtful. Raises BadDataset where all are refused.
    """
    images, unit = _training(site, dataset)
    engine = find_model(site, str(bundle))
    doubtful: list[bytes] = []
    for content in _blends(images, unit):
        found = assessed(engine, decode(content))
        if found.verdict is Verdict.REFUSED or repeated(site.blobs, dataset, content):
            continue
        if found.verdict is Verdict.ASSESSABLE:
            return content
        doubtful.append(content)
    if not doubtful:
        raise BadDataset(f"No blend of {dataset.name} is one that {engine.ref.version} would read.")
    return doubtful[0]


def assessed(engine: Engine, scan: Scan) -> Assessment:
    """What the gate of a model says of a scan."""
    forward = engine.forward(prepare(scan, engine.manifest.input)[None])
    if engine.manifest.gate is None or forward.signals is None:
        return Assessment(Verdict.ASSESSABLE)
    return engine.manifest.gate.assess(forward.signals[0].tolist())


def repeated(blobs: Blobs, dataset: Dataset, content: bytes) -> list[str]:
    """The files of a dataset of which a PNG is a near-duplicate."""
    n = len(dataset.images)
    scans = chain((scan_of(blobs, image) for image in dataset.images), [decode(content)])
    pairs = near_pairs(look(scans, n + 1))
    return [dataset.images[a].file for a, b in pairs if b == n]


def _training(site: Site, dataset: Dataset) -> tuple[Stack, NDArray[np.int64]]:
    task = site.tasks[dataset.task]
    apart = grouped(site.blobs, dataset)
    cases = read_cases(site.blobs, apart, spec=GREY, splits=(TRAIN,))[TRAIN]
    grey = cases.grey.astype(np.float32)
    if "MR" not in task.modalities:
        return grey, cases.unit
    # Heads are of all sizes and in all places of their slices; chests fill their films.
    found, which = heads(grey)
    return found, cases.unit[which]


def _blends(images: Stack, unit: NDArray[np.int64]) -> Iterator[bytes]:
    return map(_png, blends(images, unit, range(1, TRIES + 1)))


def _png(image: Plane) -> bytes:
    about, stream = PngInfo(), BytesIO()
    about.add_text("Description", NOBODY.format(count=COUNT))
    pixels = (image * 255).round().astype(np.uint8)
    Picture.fromarray(pixels).save(stream, "PNG", optimize=True, pnginfo=about)
    return stream.getvalue()
