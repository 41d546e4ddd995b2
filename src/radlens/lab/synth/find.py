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


def find_for(site: Site, disease: str) -> Generator:
    """The newest generator on record that draws a disease, else the one that ships."""
    for item in site.ledger.items(Kind.GENERATOR):
        if item.state is State.DONE and disease in item.body["labels"]:
            return _kept(site, GeneratorRun.of(item))
    for folder in shipped_folders():
        if disease in _about(folder).labels:
            return _opened(folder)
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


def _on_record(site: Site, reference: str) -> GeneratorRun:
    runs = [GeneratorRun.of(i) for i in site.ledger.items(Kind.GENERATOR) if i.state is State.DONE]
    for run in runs:
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
