"""``radlens jobs``, ``radlens work`` and ``radlens train --queue`` as people type them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from radlens.cli.app import app
from tests.builders import own_gallery


@pytest.fixture
def home(tmp_path: Path) -> Path:
    own_gallery(tmp_path / "home")
    (tmp_path / "tiny.toml").write_text("x = 1\n")
    return tmp_path / "home"


def radlens(home: Path, *words: object, code: int = 0) -> Result:
    done = CliRunner(env={"RADLENS_HOME": str(home), "COLUMNS": "160"}).invoke(
        app, [str(word) for word in words]
    )
    assert done.exit_code == code, done.output
    return done


def queue(home: Path) -> Result:
    recipe = home.parent / "tiny.toml"
    return radlens(home, "train", recipe, "--data", home.parent, "--queue")


def listed(home: Path) -> list[dict]:
    return json.loads(radlens(home, "jobs", "list", "--json").stdout)


def work_once(home: Path) -> str:
    """A worker of its own process, for it makes itself the last in line for the processor."""
    done = subprocess.run(
        [sys.executable, "-m", "radlens", "work", "--once"],
        env=os.environ | {"RADLENS_HOME": str(home), "RADLENS_LOG_FORMAT": "text"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def test_a_training_is_queued_done_by_a_worker_and_shown_with_why_it_failed(home: Path) -> None:
    said = queue(home).output
    [job] = listed(home)
    assert f"radlens jobs watch {job['id'][:12]}" in said
    assert job["arguments"] == {"recipe": "x = 1\n", "name": "tiny", "data": str(home.parent)}
    assert "train  queued" in radlens(home, "jobs", "list").output
    log = work_once(home)
    assert "BadRecipe" in radlens(home, "jobs", "show", job["id"][:8], "--json").output
    shown = radlens(home, "jobs", "show", job["id"][:8]).output
    assert "train  failed\nThe recipe has an unknown entry: x." in shown
    assert "  Hint: Correct the recipe" in shown
    assert "Traceback" not in log
    watched = radlens(home, "jobs", "watch", job["id"][:8], code=1)
    assert "unknown entry" in watched.output


def test_a_queued_job_is_cancelled_and_a_worker_finds_nothing_to_do(home: Path) -> None:
    queue(home)
    [job] = listed(home)
    assert "is cancelled." in radlens(home, "jobs", "cancel", job["id"][:8]).output
    radlens(home, "jobs", "cancel", job["id"][:8], code=4)
    work_once(home)
    [job] = listed(home)
    assert (job["state"], job["began"]) == ("cancelled", None)


def test_what_is_not_there_or_said_twice_is_refused(home: Path) -> None:
    for command in ("show", "cancel", "watch"):
        assert "There is no job" in radlens(home, "jobs", command, "nobody", code=3).output
    assert "No job was ever queued" in radlens(home, "jobs", "list").output
    recipe = home.parent / "tiny.toml"
    both = ("--queue", "--out", home.parent / "out")
    for words in ((), both):
        radlens(home, "train", recipe, "--data", "x", *words, code=2)
    radlens(home, "train", home / "none.toml", "--data", "x", "--queue", code=2)
    assert listed(home) == []
