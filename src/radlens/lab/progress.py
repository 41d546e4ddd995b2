"""Bars with the time left, on stderr, where somebody sees them."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# Hears how much of a long piece of work is done, and of how much.
Seen = Callable[[int, int], None]
# Gives whoever hears of the work that these words name.
Bars = Callable[[str], Seen]


def progress() -> Progress:
    """Bars to use in a ``with``; silent where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    )


def bar(bars: Progress, work: str) -> Seen:
    """A bar for one piece of work."""
    task = bars.add_task(work, total=None)
    return lambda done, of: bars.update(task, completed=done, total=of)


def stages(seen: Seen, of: int) -> Callable[[int], Seen]:
    """Parts of one piece of work of ``of`` steps: ``stages(seen, of)(n)`` hears of the next n."""
    begun = 0

    def stage(n: int) -> Seen:
        nonlocal begun
        before, begun = begun, begun + n
        return lambda done, total: seen(before + done * n // max(total, 1), of)

    return stage


def silent(done: int, of: int) -> None:
    """Nobody looks."""
