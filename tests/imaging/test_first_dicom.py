"""The first DICOM files of a process, when several threads ask for them at once."""

import subprocess
import sys

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from radlens.domain.errors import UnreadableImage
from radlens.imaging.decode import decode, place

sys.setswitchinterval(1e-5)
begin, file = Barrier(4), bytes(128) + b"DICM" + bytes(64)

def ask(turn):
    begin.wait()
    try:
        (place, decode)[turn % 2](file)
    except UnreadableImage:
        pass

with ThreadPoolExecutor(4) as threads:
    list(threads.map(ask, range(4)))
assert "pydicom" in sys.modules
"""


def test_threads_that_ask_at_once_all_get_an_answer():
    """Two threads that import a package whose modules import one another get it half made."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
