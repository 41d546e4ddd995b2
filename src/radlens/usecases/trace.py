"""How a task's versions came to their stages, and which was live when."""

from datetime import datetime

from radlens.domain.errors import UnknownTask
from radlens.domain.registry import Move, live_at
from radlens.ports import Site


def trace(site: Site, task: str, *, at: datetime | None = None) -> list[Move]:
    """Every move of a task's versions, oldest first; or that by which the one live then was.

    None was live ``at`` that time where the list is empty. Raises UnknownTask.
    """
    moves = site.registry.moves(task)
    if task not in site.tasks and not moves:
        raise UnknownTask(
            f"There is no task {task!r}.", hint=f"The tasks here are: {', '.join(site.tasks)}."
        )
    if at is None:
        return moves
    found = live_at(moves, at)
    return [found] if found else []
