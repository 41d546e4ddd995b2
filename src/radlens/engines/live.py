"""Which models read for each task: loaded once, verified, kept warm, switched in one step."""

from collections.abc import Mapping
from threading import Lock

from radlens.domain.bundle import Bundle
from radlens.domain.errors import BrokenModel, NoLiveModel, RadLensError
from radlens.domain.registry import Stage, Version
from radlens.engines.shelf import ModelStore
from radlens.model_ports import Engine, Lineup, Registry

Slot = tuple[str, Stage]
Staged = Mapping[Slot, Version]


class LiveModels:
    """The live model of each task and those on trial, as the registry says and as they load here.

    Without ``trials`` there is nothing but the live model.
    """

    def __init__(
        self,
        registry: Registry,
        store: ModelStore,
        *,
        trials: bool = True,
    ) -> None:
        self._registry, self._store = registry, store
        self._stages = (Stage.LIVE, Stage.CANARY, Stage.SHADOW) if trials else (Stage.LIVE,)
        # Rebound whole and never changed in place: a reader sees before or after, no mixture.
        self._serving: Mapping[str, Lineup] = {}
        self._behind: Mapping[Slot, tuple[Version, RadLensError]] = {}
        self._loading = Lock()

    def current(self, task: str) -> Engine:
        """The live model, loaded on first use; raises UnknownTask, NoLiveModel or BrokenModel."""
        return self.lineup(task).live

    def lineup(self, task: str) -> Lineup:
        if lineup := self._serving.get(task):
            return lineup
        self._store.card(task)
        with self._loading:
            if task not in self._serving:
                self._serving = {**self._serving, task: self._first(task)}
            return self._serving[task]

    def load(self, bundle: Bundle) -> Engine:
        return self._store.load(bundle)

    def warm(self, version: Version) -> Engine:
        with self._loading:
            return self._store.proven(version, served=self._served)

    def follow(self) -> list[tuple[Version, RadLensError]]:
        with self._loading:
            staged, serving = self._staged(), {}
            behind: dict[Slot, tuple[Version, RadLensError]] = {}
            for task, lineup in self._serving.items():
                if (task, Stage.LIVE) in staged:
                    serving[task] = self._followed(task, lineup, staged, behind)
            news = [found for slot, found in behind.items() if not self._known(slot, found[0])]
            self._serving, self._behind = serving, behind
        return news

    def behind(self) -> list[tuple[Version, RadLensError]]:
        return [found for (_, stage), found in self._behind.items() if stage is Stage.LIVE]

    def _first(self, task: str) -> Lineup:
        """What a process needs for its first answer; a shadow is for those who follow."""
        staged = self._staged(task)
        if (task, Stage.LIVE) not in staged:
            raise NoLiveModel(f"No live model answers for the task {task}.")
        live = self._store.at_hand(staged[task, Stage.LIVE], served=self._served)
        canary = staged.get((task, Stage.CANARY))
        if canary is None:
            return Lineup(live)
        try:
            engine = self._store.proven(canary, served=self._served)
        except BrokenModel as error:
            self._behind = {**self._behind, (task, Stage.CANARY): (canary, error)}
            return Lineup(live)
        return Lineup(live, engine, canary.share or 0.0)

    def _followed(
        self,
        task: str,
        lineup: Lineup,
        staged: Staged,
        behind: dict[Slot, tuple[Version, RadLensError]],
    ) -> Lineup:
        """The new lineup; who does not load goes into ``behind``, and the old live model goes on.

        A trial that does not load here is not held here.
        """
        found: dict[Stage, Engine] = {Stage.LIVE: lineup.live}
        for stage in self._stages:
            if version := staged.get((task, stage)):
                try:
                    found[stage] = self._engine((task, stage), version)
                except RadLensError as error:
                    behind[task, stage] = version, error
        canary = staged.get((task, Stage.CANARY))
        return Lineup(
            found[Stage.LIVE],
            found.get(Stage.CANARY),
            (canary and canary.share) or 0.0,
            found.get(Stage.SHADOW),
        )

    def _engine(self, slot: Slot, version: Version) -> Engine:
        known = self._behind.get(slot)
        if known and self._known(slot, version) and isinstance(known[1], BrokenModel):
            raise known[1]  # a broken model is not loaded again at every look
        if version.digest in self._served:  # proven when it was first served
            return self._store.at_hand(version, served=self._served)
        return self._store.proven(version, served=self._served)

    def _known(self, slot: Slot, version: Version) -> bool:
        known = self._behind.get(slot)
        return known is not None and known[0].digest == version.digest

    @property
    def _served(self) -> set[str]:
        engines = (
            engine
            for lineup in self._serving.values()
            for engine in (lineup.live, lineup.canary, lineup.shadow)
        )
        return {engine.ref.digest for engine in engines if engine}

    def _staged(self, task: str | None = None) -> Staged:
        return {
            (version.task, version.stage): version
            for version in self._registry.versions(task=task, stage=self._stages)
        }
