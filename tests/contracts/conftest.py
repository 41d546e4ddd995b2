"""Processes that write at the same time, and a disk that is really full."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
Writer = subprocess.Popen[str]


@pytest.fixture
def writer() -> Iterator[Callable[..., Writer]]:
    """Start a ``writer.py`` that is ready and waits for lines."""
    with ExitStack() as running:

        def start(*arguments: object) -> Writer:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.contracts.writer", *map(str, arguments)],
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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk of 1 MB needs root and the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
