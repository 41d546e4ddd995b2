"""The classifier that knows a new disease too: how it is trained, and its bundle."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from radlens.domain.bundle import OPTIONAL, PARTS
from radlens.domain.dataset import TRAIN, Dataset
from radlens.domain.disease import Wish
from radlens.domain.errors import BadRecipe
from radlens.domain.model import Manifest
from radlens.domain.run import Run
from radlens.lab.checkpoint import write
from radlens.lab.disease.data import numbers
from radlens.lab.entries import spelled
from radlens.lab.study_recipe import changed
from radlens.ports import Blobs

# The live version has learned the other classes: it goes on for a few epochs, at a lower rate.
EPOCHS, SLOWER = 4, 0.3
UNSEEN = " That no other image shows it was stated, not looked at."


def recipe_of(live: Manifest, data: Dataset, wish: Wish) -> str:
    """The recipe of the live version, changed to go on from it and to say how few images there are.

    Raises BadRecipe where the live version does not say how it was trained.
    """
    try:
        entries = tomllib.loads(live.provenance["recipe"])
        rate, epochs, statement = entries["lr"], entries["epochs"], entries["statement"]
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise BadRecipe(
            f"The live version {live.version} does not say how it was trained.",
            hint="Train one with `radlens train` first, and activate it.",
        ) from error
    changes = {
        "start": "live",
        "lr": SLOWER * rate,
        "epochs": min(EPOCHS, epochs),
        "statement": f"{statement} {few_words(data, wish)}",
    }
    return spelled(changed(entries, changes))


def few_words(data: Dataset, wish: Wish) -> str:
    """How much a classifier has seen of a disease, and how little its figures are taken from."""
    disease = wish.disease
    train, val, test = numbers(data, disease)
    at = data.labels.index(disease)
    made = sum(image.synthetic and image.truth[at] == 1 for image in data.of(TRAIN))
    drawn = f" and {made:,} synthetic ones" if made else ""
    return (
        f"{disease} was learned from {train} real images{drawn}, its thresholds from {val}; it is "
        f"measured on {test}, which says little.{UNSEEN if wish.others_without else ''}"
    )


def parts_of(blobs: Blobs, run: Run) -> Mapping[str, bytes]:
    """The parts of a run's bundle, from the objects."""
    return {
        name: blobs.get(run.files[name]) for name in sorted(PARTS | OPTIONAL & run.files.keys())
    }


def written(parts: Mapping[str, bytes], folder: Path) -> Path:
    """A bundle as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in parts.items():
        write(folder / name, content)
    return folder
