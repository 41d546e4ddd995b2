"""What a dataset is of, counted: origin, people, views, sizes, and how much is known at all."""

from collections import Counter
from dataclasses import asdict
from statistics import median
from typing import Any

from radlens.domain.dataset import Dataset, Image

UNKNOWN = "unknown"
NAMED = ("sex", "view", "modality")
DECADE = 10
SIZES = 12  # so many different ones are named
WALL = 24  # images at most that are shown of a dataset


def profile(dataset: Dataset) -> dict[str, Any]:
    """Plain JSON, counted in images.

    ``known`` says of how many something is known; ``values`` how often each value is; ``decades``
    are ages, by the first year of each; ``sizes`` the most frequent rows and columns.
    """
    images = dataset.images
    ages = [float(image.about["age"]) for image in images if "age" in image.about]
    sizes = Counter((image.stored.rows, image.stored.cols) for image in images).most_common(SIZES)
    return {
        "sources": [[*pair, n] for pair, n in sorted(Counter(map(_origin, images)).items())],
        "values": {
            name: dict(sorted(Counter(i.about.get(name, UNKNOWN) for i in images).items()))
            for name in NAMED
        },
        "synthetic": dict(Counter(i.about["synthetic"] for i in images if i.synthetic)),
        "decades": _decades(ages),
        "median_age": median(ages) if ages else None,
        "known": {
            "patient": sum(bool(image.patient) for image in images),
            "age": len(ages),
            **{name: sum(name in image.about for image in images) for name in NAMED},
            "spacing": sum(image.stored.spacing_mm is not None for image in images),
            "every label": sum(None not in image.truth for image in images),
        },
        "sizes": [[*size, n] for size, n in sizes],
        "other_sizes": len(images) - sum(n for _, n in sizes),
    }


def wall(dataset: Dataset, unfit: set[int]) -> list[dict[str, Any]]:
    """Some images of every label, evenly through the dataset; those at ``unfit`` are left out."""
    each = max(1, WALL // len(dataset.labels))
    found: dict[str, dict[str, Any]] = {}
    for at, label in enumerate(dataset.labels):
        mine = [
            image
            for position, image in enumerate(dataset.images)
            if image.truth[at] == 1 and position not in unfit and image.file not in found
        ]
        step = max(1, len(mine) // each)
        found |= {image.file: _shown(image, label) for image in mine[::step][:each]}
    return list(found.values())


def _decades(ages: list[float]) -> dict[str, int]:
    counts = Counter(int(age // DECADE) * DECADE for age in ages)
    return {str(first): counts[first] for first in sorted(counts)}


def _shown(image: Image, label: str) -> dict[str, Any]:
    return {
        "file": image.file,
        "label": label,
        "split": image.split,
        "synthetic": image.synthetic,
        "stored": asdict(image.stored),
    }


def _origin(image: Image) -> tuple[str, str]:
    return image.about.get("source", UNKNOWN), image.about.get("licence", UNKNOWN)
