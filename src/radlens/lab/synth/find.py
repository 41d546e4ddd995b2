"""Where generators are: in the package, in a folder, on record; opened when somebody asks."""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import ModuleType

from radlens.domain.errors import BadOrder, NoSuchItem
from radlens.domain.extras import imports_of
from radlens.domain.generator import GeneratorRun
from radlens.domain.ledger import Kind, State
from radlens.domain.task import Task
from radlens.lab.synth.about import ABOUT, About
from radlens.lab.synth.generator import Generator
from radlens.ports import Site

# The kinds of generators, and the module of each; see ``Generator``.
KINDS = {"compact": "radlens.lab.synth.compact", "stable-diffusion": "radlens.lab.synth.stable"}


def open_base(site: Site, reference: str, task: Task) -> Generator:
    """What a new disease is added to: ``KIND``, ``KIND:WHERE``, or any generator's name.

    Raises NoSuchItem where there is none, BadOrder where it is of another task.
    """
    kind, _, where = reference.partition(":")
    if kind in KINDS:
        opened: Generator = _module(kind).open_base(site, where, task)
    else:
        opened = open_generator(site, reference)
    if opened.about.task != task.name:
        raise BadOrder(
            f"The generator {opened.about.name} is for {opened.about.task}, not for {task.name}."
        )
    return opened


def open_generator(site: Site, reference: str) -> Generator:
    """A generator by its folder, the name that it ships under, or its name, id or digest on record.

    Of several of one name the newest is meant. Raises NoSuchItem.
    """
    folder = Path(reference)
    if (folder / ABOUT).is_file():
        return _opened(folder)
    for shipped in shipped_folders():
        if reference in (shipped.name, _about(shipped).digest):
            return _opened(shipped)
    return _kept(site, _on_record(site, reference))


def find_for(site: Site, disease: str, task: str = "") -> Generator:
    """The newest generator on record that draws a disease of a task, else the one that ships.

    Raises NoSuchItem, and BadOrder where no task is named and those of several draw it.
    """
    kept = [r for r in _runs(site) if disease in r.labels and task in ("", r.task)]
    brought = [(folder, _about(folder)) for folder in shipped_folders()]
    brought = [(f, a) for f, a in brought if disease in a.labels and task in ("", a.task)]
    tasks = sorted({run.task for run in kept} | {about.task for _, about in brought})
    if len(tasks) > 1:
        raise BadOrder(
            f"Generators of {' and '.join(tasks)} draw {disease!r}.",
            hint="Say of which task it is to be, or name the generator.",
        )
    if kept:
        return _kept(site, kept[0])
    if brought:
        return _opened(brought[0][0])
    raise NoSuchItem(
        f"No generator draws {disease!r}.",
        hint="`radlens synth list` names what each one draws; `radlens synth adapt` teaches more.",
    )


def shipped_folders() -> list[Path]:
    """The folders of the generators that the package brings."""
    gallery = Path(str(files("radlens"))) / "gallery" / "generators"
    return sorted(path.parent for path in gallery.glob(f"*/{ABOUT}"))


def shipped() -> Iterator[About]:
    """What each generator that the package brings says of itself."""
    return map(_about, shipped_folders())


def _runs(site: Site) -> list[GeneratorRun]:
    """Those on record that can draw, the newest first."""
    items = site.ledger.items(Kind.GENERATOR)
    return [GeneratorRun.of(item) for item in items if item.state is State.DONE]


def _on_record(site: Site, reference: str) -> GeneratorRun:
    for run in _runs(site):
        if reference in (run.name, run.version):
            return run
    run = GeneratorRun.of(site.ledger.get(reference))
    if run.state is not State.DONE:
        raise NoSuchItem(f"The generator {run.name} is {run.state} and cannot draw.")
    return run


def _kept(site: Site, run: GeneratorRun) -> Generator:
    about = About.read(site.blobs.get(run.files[ABOUT]))
    opened: Generator = _module(about.kind).open_kept(
        about, lambda name: site.blobs.get(about.files[name])
    )
    return opened


def _opened(folder: Path) -> Generator:
    about = _about(folder)
    opened: Generator = _module(about.kind).open_kept(about, partial(_part, folder))
    return opened


def _about(folder: Path) -> About:
    return About.read((folder / ABOUT).read_bytes())


def _part(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise NoSuchItem(f"The generator {folder.name} has no {name}.") from error


def _module(kind: str) -> ModuleType:
    with imports_of("lab,synth", without=f"A {kind} generator needs the synth extra."):
        return import_module(KINDS[kind])
