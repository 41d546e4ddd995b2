"""A run's entry in the ledger and in its folder, kept in step with the run."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from radlens.domain.errors import BadRecipe, DigestMismatch, NoSuchItem, RadLensError
from radlens.domain.job import PutBack
from radlens.domain.ledger import Kind
from radlens.domain.ledger import State as How
from radlens.domain.run import Run
from radlens.lab.checkpoint import CURVE, State, curve_lines, write
from radlens.lab.memory import most_memory
from radlens.lab.record import code, environment
from radlens.ports import Site
from radlens.storage.ledger import item_of, item_row

RUN, RECIPE = "run.json", "recipe.toml"
R = TypeVar("R", bound=Run)


class Plan(Protocol):
    """What every recipe says of its run."""

    @property
    def task(self) -> str: ...
    @property
    def architecture(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def text(self) -> str: ...


@dataclass
class Logbook(Generic[R]):
    """What is known of one run at this moment; every change goes to ledger and folder."""

    site: Site
    folder: Path
    run: R

    @staticmethod
    def open(
        site: Site, folder: Path, plan: Plan, *, name: str, dataset: str, kind: type[R]
    ) -> "Logbook[R]":
        """Go on with the run of this folder, or begin one; after an end, its successor.

        Raises BadRecipe where the folder holds a run of another recipe or other data.
        """
        before = read_run(folder, kind)
        if before and (before.recipe, before.dataset) != (plan.text, dataset):
            raise BadRecipe(
                f"The folder {folder.name} holds a run of another recipe or other data.",
                hint="Choose a new --out folder, or delete the old one.",
            )
        if before and before.state is How.RUNNING and not _closed(site, before):
            run = before
        else:
            run = begun(site, plan, name=name, dataset=dataset, kind=kind)
            run = replace(run, parents=(before.id,) if before else ())
        write(folder / RECIPE, plan.text.encode())
        book = Logbook(site, folder, run)
        book.put()
        return book

    def put(self, **changes: Any) -> None:
        """Change the run, and put it on record."""
        self.run = replace(self.run, **changes)
        item = self.run.item()
        self.site.ledger.put(item)
        write(self.folder / RUN, json.dumps(item_row(item)).encode())

    def came_from(self, parents: tuple[str, ...], files: Mapping[str, str]) -> None:
        """Note what the run started from, after what it already comes from."""
        known = tuple(dict.fromkeys((*self.run.parents, *parents)))
        self.put(parents=known, files={**self.run.files, **files})

    def hear(self, at: State, steps: int) -> None:
        """Put every new epoch on record."""
        if len(at.curve) <= len(self.run.curve):
            return
        last = at.curve[-1]
        spent = sum(row["seconds"] for row in at.curve)
        progress = {
            "step": at.step,
            "steps": steps,
            "images_per_s": last["images"] / max(last["seconds"], 0.01),
            "memory_bytes": most_memory(),
            "left_s": spent * (steps - at.step) / at.step,
            "time": self.site.clock().isoformat(timespec="seconds"),
        }
        self.put(curve=tuple(at.curve), progress=progress)

    def done(self, **results: Any) -> None:
        """Close the entry with its curve as a file; it never changes again."""
        curve = self.site.blobs.put(curve_lines([dict(row) for row in self.run.curve]))
        files = {**self.run.files, **results.pop("files", {}), CURVE: curve}
        self.put(**results, files=files, state=How.DONE)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Close the entry as failed where the run fails; what was only stopped can go on."""
        with closing(lambda error: self.put(state=How.FAILED, error=error)):
            yield


@contextmanager
def closing(close: Callable[[str], object]) -> Iterator[None]:
    """Have an entry closed, with why, by whatever ends its work.

    What was put back or interrupted goes on later, and so does what leaves not even the room to
    say that it failed.
    """
    try:
        yield
    except PutBack:
        raise
    except Exception as error:
        why = (
            f"{error.message} {error.hint}"
            if isinstance(error, RadLensError)
            else f"It ended unexpectedly ({type(error).__name__})."
        )
        with suppress(RadLensError):
            close(why)
        raise


def begun(site: Site, plan: Plan, *, name: str, dataset: str, kind: type[R]) -> R:
    """A run that begins now, with today's code."""
    return kind(
        id=site.new_id(),
        name=name,
        time=site.clock(),
        task=plan.task,
        architecture=plan.architecture,
        recipe=plan.text,
        seed=plan.seed,
        dataset=dataset,
        code=code(),
        environment=environment(),
    )


def read_run(folder: Path, kind: type[R]) -> R | None:
    """The run that a folder holds, if any; raises BadRecipe where it cannot be read."""
    path = folder / RUN
    if not path.exists():
        return None
    try:
        return kind.of(item_of(json.loads(path.read_bytes())))
    except (OSError, ValueError, NoSuchItem, DigestMismatch) as error:
        raise BadRecipe(f"The run in {folder.name} cannot be read.") from error


def let_go(site: Site, folder: Path, kind: type[R], error: str) -> None:
    """Close the entry of a folder as failed, where it has one that is still running."""
    run = read_run(folder, kind)
    if run and run.state is How.RUNNING and not _closed(site, run):
        Logbook(site, folder, run).put(state=How.FAILED, error=error)


def _closed(site: Site, run: Run) -> bool:
    """Whether the ledger knows of an end that the folder had no room for."""
    try:
        return site.ledger.get(run.id).state is not How.RUNNING
    except NoSuchItem:
        return False


def find_run(site: Site, reference: str) -> Run:
    """A run by its folder, its name (the newest) or the beginning of its id; NoSuchItem."""
    if run := read_run(Path(reference), Run):
        return run
    if named := site.ledger.items(Kind.RUN, name=reference, limit=1):
        return Run.of(named[0])
    return Run.of(site.ledger.get(reference))
