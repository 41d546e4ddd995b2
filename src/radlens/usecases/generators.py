"""The generators of synthetic images that a site can ask: those that ship, and those on record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from radlens.domain.errors import BadOrder, NoSuchItem
from radlens.domain.generator import GeneratorRun
from radlens.domain.ledger import Kind, State
from radlens.ports import Site

COMPACT = "compact"
ABOUT = "generator.json"


@dataclass(frozen=True)
class Known:
    """One generator; ``id`` is that of its entry, or "" where it ships with the package.

    ``kind`` is the kind of network, ``labels`` what may be asked of it. ``disease`` is what it
    learned on top of another, from so many ``images``, and ``prompt`` how that was described.
    """

    name: str
    id: str
    digest: str
    kind: str
    task: str
    labels: tuple[str, ...]
    state: State
    simulated: bool = False
    disease: str = ""
    prompt: str = ""
    images: int = 0

    @property
    def draws(self) -> bool:
        return self.state is State.DONE

    @property
    def learns(self) -> bool:
        """Whether a disease can be added to it: each is learned on top of a generator alone."""
        return self.draws and self.kind == COMPACT and not self.disease


def generators(site: Site, task: str | None = None) -> list[Known]:
    """All of them, or those of a task; those on record first, the newest first."""
    found = [*map(_kept, map(GeneratorRun.of, site.ledger.items(Kind.GENERATOR))), *_shipped()]
    return [known for known in found if task in (None, known.task)]


def drawing(site: Site, disease: str, reference: str = "", task: str = "") -> Known:
    """The generator that is meant, or the newest that draws the disease, of a task if one is named.

    Raises NoSuchItem, and BadOrder where nothing says of which task it is to be.
    """
    able = [
        known
        for known in generators(site, task or None)
        if known.draws and _meant(known, reference) and disease in known.labels
    ]
    if len(tasks := sorted({known.task for known in able})) > 1:
        raise BadOrder(
            f"Generators of {' and '.join(tasks)} draw {disease!r}.",
            hint="Say of which task it is to be, or name the generator.",
        )
    if able:
        return able[0]
    raise NoSuchItem(
        f"No generator{f' {reference[:100]!r}' * bool(reference)} draws {disease[:100]!r}.",
        hint="`radlens synth list` names what each one draws; `radlens synth adapt` teaches more.",
    )


def learning(site: Site, task: str, reference: str = COMPACT) -> Known:
    """The generator that a disease of a task is to be added to; raises NoSuchItem.

    ``compact`` is the one that ships for the task.
    """
    for known in generators(site, task):
        own = not known.id and not known.simulated
        if known.learns and (own if reference == COMPACT else _meant(known, reference)):
            return known
    raise NoSuchItem(
        f"No generator {reference[:100]!r} of {task} is here that could learn a disease.",
        hint="`radlens synth train` makes one. One from weights of your own learns by "
        "`radlens synth adapt`, where those weights are.",
    )


def _meant(known: Known, reference: str) -> bool:
    return not reference or reference in (known.name, known.digest, known.id)


def _kept(run: GeneratorRun) -> Known:
    return Known(
        name=run.name,
        id=run.id,
        digest=run.version,
        kind=run.architecture,
        task=run.task,
        labels=run.labels,
        state=run.state,
        disease=run.disease,
        prompt=run.prompt,
        images=run.images,
    )


def _shipped() -> Iterator[Known]:
    gallery = Path(str(files("radlens"))) / "gallery" / "generators"
    for path in sorted(gallery.glob(f"*/{ABOUT}")):
        content = path.read_bytes()
        about = json.loads(content)
        yield Known(
            name=about["name"],
            id="",
            digest=sha256(content).hexdigest(),
            kind=about["kind"],
            task=about["task"],
            labels=tuple(about["labels"]),
            state=State.DONE,
            simulated=about["simulated"],
            images=about["made"]["images"],
        )
