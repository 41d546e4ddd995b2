"""Processes of our own that are ready before anything is asked of them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
Child = subprocess.Popen[str]


@contextmanager
def starting(module: str) -> Iterator[Callable[..., Child]]:
    """Starts ``tests.contracts.MODULE`` with arguments, as often as asked; all end with it."""
    with ExitStack() as running:

        def start(*arguments: object) -> Child:
            process = subprocess.Popen(
                [sys.executable, "-m", f"tests.contracts.{module}", *map(str, arguments)],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            running.callback(lambda: process.communicate())
            running.callback(process.kill)
            assert process.stdout.readline() == "ready\n"
            return process

        yield start


def tell(process: Child, line: str = "") -> None:
    """Send a child a line."""
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
