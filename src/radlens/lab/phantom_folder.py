"""Made images -> a folder that ``radlens data import`` reads: images, masks, manifest.csv."""

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from radlens.domain.errors import BadDataset
from radlens.domain.task import Mode, Task
from radlens.lab.anatomy import read_template
from radlens.lab.lesion_sets import rare
from radlens.lab.manifest import MANIFEST
from radlens.lab.phantom_sets import Made, brains, chests
from radlens.lab.progress import Seen, silent

DRAWN: dict[str, Callable[..., Iterator[Made]]] = {"chest-xray": chests, "brain-tumor": brains}
RARE_TASK, BASE_TASK = "neuro-rare", "brain-tumor"
TEMPLATE_FILE = Path("brain-template/ch2.nii.gz")


def phantoms(
    task: Task, *, n: int, seed: int, base: tuple[Path, Task] | None = None, seen: Seen = silent
) -> Iterator[Made]:
    """``n`` made images of a task; ``base`` is the folder of normal slices and its card.

    The template is looked for beside the base. Raises BadDataset where a task cannot be drawn.
    """
    if task.name in DRAWN:
        return DRAWN[task.name](n, seed=seed)
    if task.name != RARE_TASK:
        raise BadDataset(f"Nothing is drawn for {task.name}; {', '.join([*DRAWN, RARE_TASK])} are.")
    if base is None:
        raise BadDataset(
            "The rare diseases are drawn on normal slices.",
            hint="Add --base with a folder of brain-tumor images.",
        )
    folder, card = base
    path = folder.resolve().parent / TEMPLATE_FILE
    if not path.is_file():
        raise BadDataset(f"There is no {TEMPLATE_FILE} beside {folder.name}.")
    return rare(folder, read_template(path), task=card, n=n, seed=seed, seen=seen)


def write(
    made: Iterable[Made], folder: Path, task: Task, *, seen: Seen = silent, of: int = 0
) -> int:
    """Write images, masks and, last, the manifest; gives their number. An old manifest stops it."""
    if (folder / MANIFEST).exists():
        raise BadDataset(
            f"{folder.name} holds a dataset already.", hint="Name a folder that is new or empty."
        )
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows = []
    for number, image in enumerate(made, 1):
        rows.append(_write(image, folder, number, task))
        seen(number, of)
    with (folder / MANIFEST).open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=[*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def _write(image: Made, folder: Path, number: int, task: Task) -> dict[str, str]:
    name = f"{number:05}.png"
    Image.fromarray(image.pixels).save(folder / "images" / name)
    Image.fromarray(image.mask.astype(np.uint8) * 255).save(folder / "masks" / name)
    row = {
        "file": f"images/{name}",
        "mask": f"masks/{name}",
        "source": image.source,
        "licence": image.licence,
        "patient_id": image.group,
        "split": image.split,
        "synthetic": image.synthetic,
    }
    if task.mode is Mode.MULTI_CLASS:
        return row | {"label": image.labels[0]}
    return row | {label: str(int(label in image.labels)) for label in task.names}
