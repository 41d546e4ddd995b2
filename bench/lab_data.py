"""What a scan finds, what it falsely accuses, and what it costs, on real images.

``data`` is the folder that holds ``chest-xray/`` and ``brain-tumor/`` with their manifests. As a
script, ``python -m bench.lab_data HOME NAME`` scans a dataset and prints its peak memory.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image as Picture

from radlens.bootstrap import PACKAGE, open_site
from radlens.domain.dataset import TEST, TRAIN, Dataset, Image
from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Pixels
from radlens.imaging.decode import decode
from radlens.imaging.encode import encode_png, png, restore
from radlens.lab.importing import import_folder
from radlens.lab.memory import keep_freed_memory
from radlens.lab.scan import findings
from radlens.ports import Site
from radlens.settings import Settings
from radlens.storage.card_files import read_tasks
from radlens.usecases.datasets import named, register

TASKS = read_tasks(PACKAGE / "tasks")
ORIGINALS, LEAKS = 1000, 200


def leaks_found(data: Path, name: str) -> float:
    """Of 200 leaks planted in 1,000 images of ``name``, the share that the scan names."""
    return _planted(data, name)[0]


def falsely_accused(data: Path, name: str) -> float:
    """Of the 1,000 images, the share that the scan calls the same picture as a wrong one.

    A pair of the 1,000 is wrong where both patients are known and differ; of brain-tumor, where
    nobody knows the patients, where the labels differ, which says less.
    """
    return _planted(data, name)[1]


def scan_seconds(data: Path, images: int = 2000) -> float:
    """Processor time of scanning so many chest images on one thread, in seconds."""
    with (
        TemporaryDirectory() as home,
        open_site(Settings(home=Path(home), gallery="gallery")) as site,
    ):
        whole = import_folder(site, data / "chest-xray", task=TASKS["chest-xray"])
        keep_freed_memory()
        torch.set_num_threads(1)
        began = time.process_time()
        findings(site.blobs, replace(whole, images=whole.images[:images]))
        return time.process_time() - began


def memory_ratio(data: Path, large: int = 2000, small: int = 500) -> float:
    """The peak memory of a scan of many images in that of a scan of few, each a new process."""
    with TemporaryDirectory() as home:
        with open_site(Settings(home=Path(home), gallery="gallery")) as site:
            whole = import_folder(site, data / "chest-xray", task=TASKS["chest-xray"])
            for n in (large, small):
                register(site, replace(whole, name=f"first-{n}", images=whole.images[:n]))
        return _peak(home, f"first-{large}") / _peak(home, f"first-{small}")


def _peak(home: str, name: str) -> float:
    command = [sys.executable, "-m", "bench.lab_data", home, name]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@cache
def _planted(data: Path, name: str) -> tuple[float, float]:
    with (
        TemporaryDirectory() as home,
        open_site(Settings(home=Path(home), gallery="gallery")) as site,
    ):
        torch.set_num_threads(1)
        whole = import_folder(site, data / name, task=TASKS[name])
        dataset, planted = plant(site, whole, np.random.default_rng(4))
        found = findings(site.blobs, dataset)
    across = {frozenset(pair) for pair in found["across"]}
    accused = set()
    originals = {image.file: image for image in dataset.images[:ORIGINALS]}
    for pair in [*found["exact"], *found["near"]]:
        one, other = (originals.get(file) for file in pair)
        if one and other and _differ(one, other):
            accused |= {*pair}
    return len(across & planted) / len(planted), len(accused) / ORIGINALS


def _differ(one: Image, other: Image) -> bool:
    if one.patient and other.patient:
        return one.patient != other.patient
    return one.truth != other.truth


def plant(
    site: Site, whole: Dataset, rng: np.random.Generator
) -> tuple[Dataset, set[frozenset[str]]]:
    """1,000 images in train and 200 leaks of them in test, in equal parts; and the pairs.

    Encoded again, cropped by 5 % of each side, brightness shifted by up to a fifth of the range,
    all three of unknown patients; and, where patients are known, another image of the patient.
    """
    pool = [whole.images[i] for i in rng.permutation(len(whole.images))]
    first: dict[str, Image] = {}
    more: list[tuple[Image, Image]] = []
    for image in pool:
        earlier = first.setdefault(image.patient or image.file, image)
        if earlier is not image:
            more.append((earlier, image))
    # Patients with a second image come first, so that it can be the leak.
    twice = {earlier.file: (earlier, image) for earlier, image in more}
    rest = [image for image in first.values() if image.file not in twice]
    originals = [*(earlier for earlier, _ in twice.values()), *rest][:ORIGINALS]
    kept = {image.file for image in originals}
    ways: list[Callable[[Pixels, np.random.Generator], bytes]] = [_encoded, _cropped, _brighter]
    same = [pair for pair in twice.values() if pair[0].file in kept][: LEAKS // 4]
    leaks = [(one, replace(other, split=TEST)) for one, other in same]
    for n, image in enumerate(rng.permutation(np.array(originals, object))[: LEAKS - len(leaks)]):
        leaks.append((image, _leak(site, image, ways[n % 3], rng, n)))
    images = [replace(image, split=TRAIN) for image in originals] + [leak for _, leak in leaks]
    pairs = {frozenset((one.file, leak.file)) for one, leak in leaks}
    return replace(whole, images=tuple(images)), pairs


def _leak(
    site: Site,
    image: Image,
    way: Callable[[Pixels, np.random.Generator], bytes],
    rng: np.random.Generator,
    number: int,
) -> Image:
    scan = decode(way(restore(site.blobs.get(image.digest), image.stored).pixels, rng))
    stored = ImageRef.of(scan, site.blobs.put(encode_png(scan)))
    return replace(image, file=f"leak-{number}", stored=stored, split=TEST, patient="")


def _encoded(pixels: Pixels, rng: np.random.Generator) -> bytes:
    stream = BytesIO()
    Picture.fromarray(pixels).save(stream, "JPEG", quality=int(rng.integers(40, 80)))
    return stream.getvalue()


def _cropped(pixels: Pixels, rng: np.random.Generator) -> bytes:
    rows, cols = (int(0.95 * side) for side in pixels.shape[:2])
    top, left = (int(rng.integers(side // 20 + 1)) for side in pixels.shape[:2])
    return png(np.ascontiguousarray(pixels[top : top + rows, left : left + cols]))


def _brighter(pixels: Pixels, rng: np.random.Generator) -> bytes:
    shift = rng.choice([-1, 1]) * rng.uniform(0.1, 0.2) * 255
    shifted: Pixels = np.clip(pixels + shift, 0, 255).astype(np.uint8)
    return png(shifted)


def main(home: str, name: str) -> None:
    torch.set_num_threads(1)
    with open_site(Settings(home=Path(home), gallery="gallery")) as site:
        dataset = named(site, name)
        assert dataset is not None
        findings(site.blobs, dataset)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main(*sys.argv[1:])
