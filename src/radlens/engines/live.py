"""Which model answers for each task: loaded once, verified, kept warm."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from radlens.domain.errors import NoLiveModel, UnknownTask
from radlens.domain.task import Task
from radlens.engines.bundle import Bundle, read_bundle
from radlens.engines.runtime import OnnxEngine
from radlens.ports import Engine


class LiveModels:
    """The live model of each task, from the first shelf that has a bundle for it.

    A shelf is a folder with one bundle folder a task: the site's own before the gallery.
    """

    def __init__(
        self, tasks: Mapping[str, Task], shelves: Sequence[Path], *, workers: int, cache: Path
    ) -> None:
        self._tasks, self._shelves = tasks, shelves
        self._workers, self._cache = workers, cache
        self._loaded: dict[str, Engine] = {}
        self._loading = Lock()

    def current(self, task: str) -> Engine:
        """The live model, loaded on first use; raises UnknownTask, NoLiveModel or BadBundle."""
        if engine := self._loaded.get(task):
            return engine
        with self._loading:
            if task not in self._loaded:
                self._loaded[task] = OnnxEngine(
                    self.bundle(task), workers=self._workers, cache=self._cache
                )
            return self._loaded[task]

    def bundle(self, task: str) -> Bundle:
        """The verified bundle of a task, without loading its network."""
        card = self._tasks.get(task)
        if card is None:
            known = ", ".join(sorted(self._tasks))
            raise UnknownTask(f"There is no task {task!r}.", hint=f"The tasks here are: {known}.")
        for shelf in self._shelves:
            if (shelf / task).is_dir():
                return read_bundle(shelf / task, card)
        raise NoLiveModel(f"No live model answers for the task {task}.")
