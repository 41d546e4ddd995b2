"""Models of versions, loaded from their parts and kept at hand."""

from collections.abc import Mapping, Set
from pathlib import Path
from weakref import WeakSet

from radlens.domain.bundle import MANIFEST, Bundle, bundle_of
from radlens.domain.errors import (
    BadBundle,
    BrokenModel,
    Corrupted,
    DigestMismatch,
    NoSuchObject,
    RadLensError,
    UnknownTask,
)
from radlens.domain.registry import Version, operating_points
from radlens.domain.task import Task
from radlens.engines.points import at_points
from radlens.engines.runtime import OnnxEngine
from radlens.model_ports import Engine
from radlens.ports import Blobs

# Of each task: the one that is served, the one before it, and one that is about to be.
KEPT = 3


class ModelStore:
    """Loads what is registered; for one thread at a time."""

    def __init__(
        self, tasks: Mapping[str, Task], blobs: Blobs, *, workers: int, cache: Path
    ) -> None:
        self._tasks, self._blobs = tasks, blobs
        self._workers, self._cache = workers, cache
        self._warm: dict[str, Engine] = {}  # by digest, the one used last at the end
        self._proven = WeakSet[Engine]()

    def load(self, bundle: Bundle) -> Engine:
        """A bundle's model, checked and proven, that is not kept; raises BadBundle."""
        return OnnxEngine(bundle, workers=self._workers, cache=self._cache)

    def at_hand(self, version: Version, *, served: Set[str]) -> Engine:
        """The version's model at its thresholds, from what is warm or loaded now.

        Of what is not ``served`` (digests) a few stay warm. Raises BrokenModel.
        """
        engine = self._warm.pop(version.digest, None) or self._loaded(version)
        self._warm[version.digest] = engine
        same = [key for key, kept in self._warm.items() if kept.ref.task == version.task]
        for digest in same[:-KEPT]:
            if digest not in served:
                del self._warm[digest]
        return at_points(engine, operating_points(version, engine.manifest))

    def proven(self, version: Version, *, served: Set[str]) -> Engine:
        """The same, once it gave its golden answer since it was loaded; raises BrokenModel."""
        engine = self.at_hand(version, served=served)
        loaded = self._warm[version.digest]
        if loaded not in self._proven:
            try:
                loaded.prove()
            except BadBundle as error:
                raise _broken(version, error) from error
            self._proven.add(loaded)
        return engine

    def card(self, task: str) -> Task:
        """The card of a task; raises UnknownTask."""
        if (card := self._tasks.get(task)) is None:
            known = ", ".join(sorted(self._tasks))
            raise UnknownTask(f"There is no task {task!r}.", hint=f"The tasks here are: {known}.")
        return card

    def _loaded(self, version: Version) -> Engine:
        try:
            return self.load(self._stored(version))
        except (BadBundle, Corrupted, NoSuchObject) as error:
            raise _broken(version, error) from error

    def _stored(self, version: Version) -> Bundle:
        if not version.loadable:
            raise BadBundle(f"The version {version.version} has no bundle to load.")
        if version.files.get(MANIFEST) != version.digest:
            raise DigestMismatch(f"The parts of the version {version.version} are not its own.")
        # ``get`` checks each object against its digest, so they need no second reckoning.
        parts = {name: self._blobs.get(digest) for name, digest in version.files.items()}
        return bundle_of(parts, self.card(version.task), digests=version.files)


def _broken(version: Version, error: RadLensError) -> BrokenModel:
    return BrokenModel(f"The model {version.version} cannot be used here: {error.message}")
