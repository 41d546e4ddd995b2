"""A generator, a disease and a number -> a dataset of synthetic images, all of it on record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radlens.domain.dataset import TRAIN, Dataset, Image
from radlens.domain.errors import BadOrder
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.prediction import ImageRef
from radlens.domain.scan import Scan, Window
from radlens.domain.synthesis import Order, check_order
from radlens.domain.task import Mode, Task
from radlens.imaging.encode import png
from radlens.lab.importing import SYNTHETIC
from radlens.lab.logbook import closing
from radlens.lab.progress import Seen, silent
from radlens.lab.synth.about import About
from radlens.lab.synth.find import find_for, open_generator
from radlens.lab.synth.generator import Drawing, Generator
from radlens.lab.synth.pictures import NO_FINDING
from radlens.lab.synth.provenance import Provenance
from radlens.ports import Site
from radlens.usecases.datasets import register

CHUNK = 40  # images that a kill -9 costs at most


def generate(site: Site, order: Order, *, seen: Seen = silent) -> Dataset:
    """Draw what was ordered and put it on record as a dataset of split train.

    The same order goes on where it was stopped or failed; where it fails or is cancelled, by
    ``seen`` raising that, it stands on record as failed. Raises BadOrder, NoSuchItem, StorageFull.
    """
    check_order(order)
    generator = (
        open_generator(site, order.generator)
        if order.generator
        else find_for(site, order.disease, order.task)
    )
    if order.disease not in generator.about.labels:
        raise BadOrder(
            f"The generator {generator.about.name} does not draw {order.disease!r}.",
            hint=f"It draws {', '.join(generator.about.labels)}.",
        )
    if order.task not in ("", generator.about.task):
        raise BadOrder(f"The generator {generator.about.name} is for {generator.about.task}.")
    with _on_record(site, order, generator.about) as drawing:
        _draw(site, drawing, order, generator, seen)
        dataset = _dataset(site, order, generator, drawing.item)
        register(site, dataset)
        drawing.put(state=State.DONE, parents=(*drawing.item.parents, dataset.id))
    return dataset


def regenerate(site: Site, image: Image) -> bytes:
    """The PNG of a synthetic image, drawn again from what it says of itself.

    On the same machine it has the bytes that were stored. Raises NoSuchItem.
    """
    origin = Provenance.read(image.about.get("provenance", ""))
    generator = open_generator(site, origin.generator)
    [pixels] = generator.draw(origin.drawing, [origin.index])
    return png(pixels, made=origin.text)


@dataclass
class _Drawing:
    """The entry of an order while it is being drawn; ``item.files`` are the images so far."""

    site: Site
    item: Item

    def put(self, **changes: Any) -> None:
        self.item = replace(self.item, **changes)
        self.site.ledger.put(self.item)


@contextmanager
def _on_record(site: Site, order: Order, about: About) -> Iterator[_Drawing]:
    """Go on with the entry of the same order, or begin one; closed as failed where it must end."""
    asked = asdict(order)
    body = {"order": asked, "generator": about.digest, "error": ""}
    name = sha256(f"{about.digest} {sorted(asked.items())}".encode()).hexdigest()[:16]
    before = next(iter(site.ledger.items(Kind.GENERATION, name=name, limit=1)), None)
    if before and before.state is State.RUNNING:
        drawing = _Drawing(site, before)
    else:
        failed = before if before and before.state is State.FAILED else None
        item = Item(
            id=site.new_id(),
            kind=Kind.GENERATION,
            name=name,
            time=site.clock(),
            state=State.RUNNING,
            body=body,
            parents=(about.digest, *([failed.id] if failed else [])),
            files=failed.files if failed else {},
        )
        drawing = _Drawing(site, item)
        drawing.put()
    with closing(lambda error: drawing.put(state=State.FAILED, body={**body, "error": error})):
        yield drawing


def _draw(site: Site, drawing: _Drawing, order: Order, generator: Generator, seen: Seen) -> None:
    """Draw what is not stored yet, a chunk at a time."""
    how = _how(order)
    done = len(drawing.item.files)
    seen(done, order.n)
    for first in range(done, order.n, CHUNK):
        chunk = range(first, min(first + CHUNK, order.n))
        pixels = generator.draw(how, chunk)
        files = {
            f"{index}": site.blobs.put(png(image, made=_origin(order, generator.about, index).text))
            for index, image in zip(chunk, pixels, strict=True)
        }
        drawing.put(files={**drawing.item.files, **files})
        seen(len(drawing.item.files), order.n)


def _how(order: Order) -> Drawing:
    return Drawing(order.disease, order.seed, order.guidance, order.steps)


def _origin(order: Order, about: About, index: int) -> Provenance:
    return Provenance(about.digest, order.disease, order.seed, index, order.guidance, order.steps)


def _dataset(site: Site, order: Order, generator: Generator, item: Item) -> Dataset:
    about, mask = generator.about, generator.mask(_how(order))
    task = site.tasks[about.task]
    new = order.disease not in (*task.names, NO_FINDING)
    labels = (*task.names, order.disease) if new else task.names
    scan = Scan(_blank(about.side), Window(0.0, 255.0), "png")
    images = tuple(
        Image(
            file=f"{index + 1}-{item.files[f'{index}'][:8]}",
            stored=ImageRef.of(scan, item.files[f"{index}"]),
            split=TRAIN,
            patient="",
            truth=_truth(labels, order.disease, task),
            about={
                "synthetic": SYNTHETIC,
                "provenance": _origin(order, about, index).text,
                "source": f"Drawn by the generator {about.name}",
            }
            | ({"mask": site.blobs.put(png(mask(index) * np.uint8(255)))} if mask else {}),
        )
        for index in range(order.n)
    )
    return Dataset(
        name=order.name or f"{order.disease}-synthetic",
        task=task.name,
        labels=labels,
        images=images,
        parents=(about.digest,),
        history={
            "made": "synthesis",
            **asdict(order),
            "generator": about.name,
            "entry": item.id,
        },
    )


def _truth(labels: tuple[str, ...], disease: str, task: Task) -> tuple[float | None, ...]:
    """Of several findings only the one that was asked for is known to be there."""
    if task.mode is Mode.MULTI_CLASS or disease == NO_FINDING:
        return tuple(float(label == disease) for label in labels)
    return tuple(1.0 if label == disease else None for label in labels)


def _blank(side: int) -> NDArray[np.uint8]:
    return np.zeros((side, side), np.uint8)
