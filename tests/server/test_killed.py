"""A server that is killed loses nothing that it has acknowledged, and records nothing twice."""

from pathlib import Path

from tests.server.conftest import Serve
from tests.server.killing import storm


def test_kill_9_at_random_points_loses_nothing_and_doubles_nothing(home: Path, serve: Serve):
    """The full size, 20 kills in 2,000 predictions, is a line of ``make bench-registry``."""
    toll = storm(home, serve, kills=3, predictions=60, seed=4)
    assert (toll.lost, toll.duplicates, toll.told_twice) == (0, 0, 0)
    assert (toll.kills, toll.predictions) == (3, 60)
    assert toll.entries >= 60
