"""A dataset: images that are stored already, what is known of each, and its split."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from radlens.domain.errors import BadDataset
from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Window

TRAIN, VAL, TEST = "train", "val", "test"
HELD_OUT = (VAL, TEST)


@dataclass(frozen=True)
class Image:
    """One stored image and what is known of it.

    ``file`` names it to people: its row in the manifest and the beginning of its digest. The name
    of the original file is not kept, because exports put patients' names into it. ``patient`` is
    a pseudonym, "" where nobody knows. ``truth`` is in the card's label order: 1, 0, or None for
    unknown; one-hot for multi-class tasks. ``about`` holds what subgroups and cards need (sex,
    age, view, source, licence, modality, synthetic, mask) and nothing that names a person.
    ``group`` numbers the patient or the near-duplicates that it belongs to, once somebody looked.
    """

    file: str
    stored: ImageRef
    split: str
    patient: str
    truth: tuple[float | None, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    group: int | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the stored PNG."""
        return self.stored.digest

    @property
    def synthetic(self) -> bool:
        return bool(self.about.get("synthetic"))

    @property
    def unit(self) -> str:
        """What it must never be parted from, and what intervals are drawn by."""
        if self.group is not None:
            return f"group {self.group}"
        return f"patient {self.patient}" if self.patient else f"image {self.file}"


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset, which never changes; ``id`` is the SHA-256 of its content.

    ``parents`` are the versions that it was made from, ``history`` is how, as plain JSON.
    Raises BadDataset where it contradicts itself: a truth of another length, a name twice, or a
    synthetic image in validation or test beside real ones, which would measure the generator.
    """

    name: str
    task: str
    labels: tuple[str, ...]
    images: tuple[Image, ...]
    parents: tuple[str, ...] = ()
    history: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({image.file for image in self.images}) < len(self.images):
            raise BadDataset(f"The dataset {self.name} names an image twice.")
        for image in self.images:
            if len(image.truth) != len(self.labels):
                raise BadDataset(f"{image.file} has {len(image.truth)} labels.")
        made = [image for image in self.images if image.synthetic]
        held_out = [image for image in made if image.split in HELD_OUT]
        if held_out and len(made) < len(self.images):
            raise BadDataset(
                f"{len(held_out)} synthetic images are in {' and '.join(HELD_OUT)} beside real "
                f"ones, first {held_out[0].file}.",
                hint="Put synthetic images into train; only real images measure a model.",
            )

    @property
    def id(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def content(self) -> bytes:
        """Canonical JSON of all that makes the data what it is; its name and history do not."""
        body = {
            "task": self.task,
            "labels": self.labels,
            "parents": self.parents,
            "images": [asdict(image) for image in self.images],
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @staticmethod
    def read(content: bytes, *, name: str, history: Mapping[str, Any]) -> "Dataset":
        """The dataset of ``content``."""
        body = json.loads(content)
        return Dataset(
            name=name,
            task=body["task"],
            labels=tuple(body["labels"]),
            images=tuple(_image(entry) for entry in body["images"]),
            parents=tuple(body["parents"]),
            history=history,
        )

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of its splits, in the order of their first image; "" is not yet split."""
        return tuple(dict.fromkeys(image.split for image in self.images))

    @property
    def patients_known(self) -> bool:
        return all(image.patient for image in self.images)

    @property
    def simulated(self) -> bool:
        """Whether no image of it is of a patient."""
        return all(image.synthetic for image in self.images)

    def of(self, *splits: str) -> Iterator[Image]:
        """The images of these splits, in the dataset's order."""
        return (image for image in self.images if image.split in splits)


def stored_of(entry: Mapping[str, Any]) -> ImageRef:
    """The stored image that ``dataclasses.asdict`` wrote as an entry."""
    spacing = entry["spacing_mm"]
    read = {
        "spacing_mm": None if spacing is None else tuple(spacing),
        "window": Window(**entry["window"]),
    }
    return ImageRef(**{**entry, **read})


def _image(entry: Mapping[str, Any]) -> Image:
    read = {"stored": stored_of(entry["stored"]), "truth": tuple(entry["truth"])}
    return Image(**{**entry, **read})
