"""A few images of a disease -> a generator that draws it too, all of it on record."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from radlens.domain.dataset import TRAIN, Dataset
from radlens.domain.errors import BadDataset, Conflict
from radlens.domain.generator import GeneratorRun
from radlens.domain.synthesis import check_wish
from radlens.lab.checkpoint import State, write
from radlens.lab.logbook import Logbook
from radlens.lab.progress import Seen, silent
from radlens.lab.subject import scan_of
from radlens.lab.synth.about import ABOUT, CARD
from radlens.lab.synth.card import card
from radlens.lab.synth.find import open_base
from radlens.lab.synth.generator import Generator, Lesson
from radlens.lab.synth.images import few, showing
from radlens.lab.train import task_of
from radlens.ports import Site
from radlens.usecases.datasets import register


@dataclass(frozen=True)
class Adaptation:
    """A ``disease`` and its ``images``, for a ``task``: a folder, or a dataset on record of which
    the real images in train that show the disease are learned from, and no others.

    ``prompt`` describes it: Stable Diffusion listens to it, the compact generator keeps it.
    ``generator`` is what learns: ``KIND``, ``KIND:WHERE`` or a generator's name.
    """

    disease: str
    images: str | Path
    task: str
    prompt: str = ""
    generator: str = "compact"
    seed: int = 1


@dataclass(frozen=True)
class _Plan:
    """What an adaptation's entry says of it, as of a recipe."""

    task: str
    architecture: str
    seed: int
    text: str


def adapt(site: Site, wish: Adaptation, *, out: Path, seen: Seen = silent) -> GeneratorRun:
    """Teach a generator one disease more, write its folder ``out``, and give its entry.

    Stopped, it goes on from its last checkpoint in ``out``; where it fails or is cancelled, by
    ``seen`` raising that, it stands on record as failed. Before it learns, everything is looked
    at, and what is refused leaves nothing. Raises BadOrder, BadDataset, NotThisTask,
    UnreadableImage, Conflict, NoSuchItem, BadRecipe where the loss turns NaN, StorageFull.
    """
    base = base_for(site, wish)
    task = site.tasks[wish.task]
    dataset = few(site, wish.images, disease=wish.disease, task=task)
    learned = showing(dataset, wish.disease, TRAIN)
    if not learned:
        raise BadDataset(f"No image of {wish.disease} in {dataset.name} is in train.")
    scans = tuple(scan_of(site.blobs, image) for image in learned)
    register(site, dataset)
    out.mkdir(parents=True, exist_ok=True)
    book = _open(site, wish, base, dataset=dataset, images=len(scans), out=out)
    with book.failing():
        lesson = Lesson(wish.disease, wish.prompt, scans, task, wish.seed, book.run.id)
        _close(book, _learned(book, base, lesson, seen))
    return book.run


def base_for(site: Site, wish: Adaptation) -> Generator:
    """What is to learn, once the wish is one that can be: nothing is on record before that.

    Raises BadOrder, Conflict, NoSuchItem or, where there is no such task, BadRecipe.
    """
    check_wish(wish.disease, wish.prompt, wish.seed)
    base = open_base(site, wish.generator, task_of(site, _Plan(wish.task, "", wish.seed, "")))
    if wish.disease in base.about.labels:
        raise Conflict(
            f"The generator {base.about.name} draws {wish.disease!r} already.",
            hint="Choose another name for the new disease.",
        )
    return base


def _open(
    site: Site, wish: Adaptation, base: Generator, *, dataset: Dataset, images: int, out: Path
) -> Logbook[GeneratorRun]:
    asked = {k: v for k, v in asdict(wish).items() if k != "images"} | {"base": base.about.digest}
    plan = _Plan(wish.task, base.about.kind, wish.seed, json.dumps(asked, sort_keys=True))
    book = Logbook.open(site, out, plan, name=wish.disease, dataset=dataset.id, kind=GeneratorRun)
    book.came_from((dataset.id, base.about.digest), {})
    book.put(
        labels=(*base.about.labels, wish.disease),
        disease=wish.disease,
        prompt=wish.prompt,
        images=images,
    )
    return book


def _learned(book: Logbook[GeneratorRun], base: Generator, lesson: Lesson, seen: Seen) -> Generator:
    def tell(at: State, steps: int) -> None:
        seen(at.step, steps)
        book.hear(at, steps)

    return base.learn(lesson, book.folder, tell)


def _close(book: Logbook[GeneratorRun], generator: Generator) -> None:
    """Write the folder and put its files among the objects; close the entry."""
    run = book.run
    about = replace(
        generator.about,
        made={
            **generator.about.made,
            "record": run.id,
            "time": run.time.isoformat(timespec="seconds"),
            "dataset": run.dataset,
            "code": dict(run.code),
            "environment": dict(run.environment),
        },
    )
    contents = {**generator.parts(), ABOUT: about.content, CARD: card(about).encode()}
    for name, content in contents.items():
        write(book.folder / name, content)
    files = {name: book.site.blobs.put(content) for name, content in contents.items()}
    book.done(version=about.digest, files=files, metrics=about.made["figures"])
