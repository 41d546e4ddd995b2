"""A server whose disk is full says so, keeps nothing by halves, and goes on when there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage

import pytest

from tests.builders import furnish
from tests.server.conftest import Serve, ask, on_record, send

MIB = 2**20


@pytest.fixture
def small_home(tmp_path: Path) -> Iterator[Path]:
    """A site on a disk of its own."""
    home = tmp_path / "disk"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(home)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk of 64 MB needs root and the right to mount")
    furnish(home)
    yield home
    subprocess.run(["umount", str(home)], check=True)


def test_a_full_disk_is_503_and_nothing_is_half_written(small_home: Path, serve: Serve):
    server = serve(small_home, free_bytes=MIB)
    acknowledged = {send(server.port).body["prediction_id"]}
    ballast = small_home / "ballast"
    ballast.write_bytes(bytes(disk_usage(small_home).free - 100_000))
    ready = ask(server.port, "GET", "/readyz")
    assert (ready.status, ready.body["error"]["message"]) == (503, "Not ready: disk.")
    for seed in range(1, 200):
        if (answer := send(server.port, seed)).status != 201:
            break
        acknowledged.add(answer.body["prediction_id"])
    assert (answer.status, answer.body["error"]["kind"]) == (503, "StorageFull")
    assert int(answer.headers["retry-after"]) > 0
    ballast.unlink()
    acknowledged.add(send(server.port, seed).body["prediction_id"])
    server.end()
    assert acknowledged == on_record(small_home)
