"""What a server that is killed loses, at full size: one line a figure."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure, once, show
from tests.builders import furnish
from tests.server.conftest import servers
from tests.server.killing import Toll, storm

KILLS, PREDICTIONS, SEED = 20, 2000, 11


def figures() -> list[Figure]:
    """The figures of 20 kills at random points during 2,000 predictions, measured once."""

    @once
    def toll() -> Toll:
        with TemporaryDirectory() as home, servers() as serve:
            furnish(Path(home))
            return storm(Path(home), serve, kills=KILLS, predictions=PREDICTIONS, seed=SEED)

    return [
        Figure("killed/acknowledged-lost", "<=0", lambda: toll().lost),
        Figure("killed/duplicates", "<=0", lambda: toll().duplicates + toll().told_twice),
        Figure("killed/ready-again-s", "<=10", lambda: toll().slowest_return_s),
    ]


if __name__ == "__main__":
    show(figures(), sys.argv[1:])
