"""``radlens audit`` as an administrator types it: list, verify, checkpoint, export."""

import csv
import json
import sqlite3
from contextlib import closing
from io import StringIO

from tests.cli.test_commands import home, images, radlens  # noqa: F401 (fixtures)


def test_the_log_is_listed_signed_verified_and_taken_along(home, images, tmp_path):  # noqa: F811
    assert radlens(home, "predict", images[0], "--task", "chest-xray").returncode == 0
    assert radlens(home, "history").returncode == 0
    listed = json.loads(radlens(home, "audit", "list", "--json", "--verb", "predict").stdout)
    assert [entry["verb"] for entry in listed["entries"]] == ["predict"]
    assert "signed by" in radlens(home, "audit", "checkpoint").stdout
    assert "entries verify" in radlens(home, "audit", "verify").stdout
    out = tmp_path / "audit.csv"
    done = radlens(
        home, "audit", "export", "--format", "csv", "--out", out, "--since", "2020-01-01"
    )
    assert done.returncode == 0, done.stderr
    verbs = [row["verb"] for row in csv.DictReader(StringIO(out.read_text(), newline=""))]
    assert verbs[-4:] == ["predict", "view", "view-audit", "verify-audit"]
    lines = radlens(home, "audit", "export", "--verb", "predict").stdout.splitlines()
    assert [json.loads(line)["verb"] for line in lines] == ["predict"]


def test_a_touched_entry_ends_with_exit_code_7_and_its_number(home, images):  # noqa: F811
    radlens(home, "predict", images[0], "--task", "chest-xray")
    with closing(sqlite3.connect(home / "radlens.sqlite")) as database, database:
        database.execute("UPDATE audit SET verb = 'view' WHERE seq = 1")
    done = radlens(home, "audit", "verify")
    assert done.returncode == 7
    assert "entry 1" in done.stderr
    assert "broken" in radlens(home, "doctor").stdout
