"""Which model answers for each task: loaded once, verified, kept warm, switched in one step."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from radlens.domain.bundle import MANIFEST, Bundle, bundle_of
from radlens.domain.errors import (
    BadBundle,
    BrokenModel,
    Corrupted,
    DigestMismatch,
    NoLiveModel,
    NoSuchObject,
    RadLensError,
    UnknownTask,
)
from radlens.domain.registry import Stage, Version
from radlens.domain.task import Task
from radlens.engines.runtime import OnnxEngine
from radlens.model_ports import Engine, Registry
from radlens.ports import Blobs

# Of each task: the one that is served, the one before it, and one that is about to be.
KEPT = 3


class LiveModels:
    """The live model of each task, as the registry says and as far as it loads here."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        registry: Registry,
        blobs: Blobs,
        *,
        workers: int,
        cache: Path,
    ) -> None:
        self._tasks, self._registry, self._blobs = tasks, registry, blobs
        self._workers, self._cache = workers, cache
        # Rebound whole and never changed in place: a reader sees before or after, no mixture.
        self._serving: Mapping[str, Engine] = {}
        self._behind: Mapping[str, tuple[Version, RadLensError]] = {}
        self._warm: dict[str, Engine] = {}  # by digest, the one used last at the end
        self._loading = Lock()

    def current(self, task: str) -> Engine:
        """The live model, loaded on first use; raises UnknownTask, NoLiveModel or BrokenModel."""
        if engine := self._serving.get(task):
            return engine
        self._card(task)
        with self._loading:
            if task not in self._serving:
                engine = self._at_hand(self._live(task))
                self._serving = {**self._serving, task: engine}
            return self._serving[task]

    def load(self, bundle: Bundle) -> Engine:
        return OnnxEngine(bundle, workers=self._workers, cache=self._cache)

    def warm(self, version: Version) -> Engine:
        with self._loading:
            return self._proven(version)

    def follow(self) -> list[tuple[Version, RadLensError]]:
        with self._loading:
            live = {version.task: version for version in self._registry.versions(stage=Stage.LIVE)}
            serving: dict[str, Engine] = {}
            behind: dict[str, tuple[Version, RadLensError]] = {}
            for task, engine in self._serving.items():
                if task not in live:
                    continue
                try:
                    serving[task] = self._followed(engine, live[task])
                except RadLensError as error:
                    serving[task], behind[task] = engine, (live[task], error)
            news = [found for task, found in behind.items() if self._news(task, found[0])]
            self._serving, self._behind = serving, behind
        return news

    def behind(self) -> list[tuple[Version, RadLensError]]:
        return list(self._behind.values())

    def _followed(self, engine: Engine, version: Version) -> Engine:
        if engine.ref.digest == version.digest:
            return engine
        known = self._behind.get(version.task)
        if known and known[0].digest == version.digest and isinstance(known[1], BrokenModel):
            raise known[1]  # a broken model is not loaded again at every look
        return self._proven(version)

    def _news(self, task: str, version: Version) -> bool:
        known = self._behind.get(task)
        return known is None or known[0].digest != version.digest

    def _live(self, task: str) -> Version:
        for version in self._registry.versions(task=task, stage=Stage.LIVE):
            return version
        raise NoLiveModel(f"No live model answers for the task {task}.")

    def _proven(self, version: Version) -> Engine:
        engine = self._at_hand(version)
        try:
            engine.prove()
        except BadBundle as error:
            raise _broken(version, error) from error
        return engine

    def _at_hand(self, version: Version) -> Engine:
        """The version's model from what is warm, or loaded now; the caller holds the lock."""
        engine = self._warm.pop(version.digest, None) or self._loaded(version)
        self._warm[version.digest] = engine
        same = [key for key, kept in self._warm.items() if kept.ref.task == version.task]
        served = {kept.ref.digest for kept in self._serving.values()}
        for digest in same[:-KEPT]:
            if digest not in served:
                del self._warm[digest]
        return engine

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
        return bundle_of(parts, self._card(version.task), digests=version.files)

    def _card(self, task: str) -> Task:
        if (card := self._tasks.get(task)) is None:
            known = ", ".join(sorted(self._tasks))
            raise UnknownTask(f"There is no task {task!r}.", hint=f"The tasks here are: {known}.")
        return card


def _broken(version: Version, error: RadLensError) -> BrokenModel:
    return BrokenModel(f"The model {version.version} cannot be used here: {error.message}")
