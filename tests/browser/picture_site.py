"""A site for the pictures of the documents: what ships, and drawn images on which all of it ran.

No image of a patient is in it. Everything is on record because the commands that people type were
run; the ladder is the study that ships.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from radlens.bootstrap import open_site
from radlens.settings import Settings
from radlens.storage.ledger import item_of
from tests.lab.tiny import write_recipe

LADDER = Path(__file__).parents[2] / "docs" / "studies" / "ladder" / "study.json"
STATEMENT = "Demonstration, trained on {train} phantoms drawn by code. Not for clinical use."
# Two runs that differ in how fast they learn.
RUNS = {"small-cnn": 0.01, "small-cnn-slow": 0.002}
PHANTOMS = "phantoms-split"


def furnish(home: Path) -> None:
    """Put on record a dataset, two runs, a candidate, an evaluation and a study."""
    folder, task = home / "phantoms", ("--task", "brain-tumor")
    _type(home, "data", "phantom", *task, "-n", "160", "--out", str(folder))
    _type(home, "data", "import", str(folder), *task)
    _type(home, "data", "split", "phantoms")
    _type(home, "data", "scan", PHANTOMS)
    for name, rate in RUNS.items():
        _train(home, name, rate)
    bundle = str(home / "small-cnn" / "brain-tumor")
    _type(home, "models", "add", bundle, "--reason", "learned from phantoms")
    _type(home, "evaluate", "brain-tumor", "--dataset", PHANTOMS)
    _import_the_ladder(home)


def _train(home: Path, name: str, rate: float) -> None:
    plan = {"size": 64, "epochs": 12, "batch": 16, "ema": 0.9, "lr": rate, "head_lr": rate}
    recipe = write_recipe(home / f"{name}.toml", **plan, statement=STATEMENT)
    _type(home, "train", str(recipe), "--data", PHANTOMS, "--out", str(home / name))


def _import_the_ladder(home: Path) -> None:
    with open_site(Settings(home=home)) as site:
        study = item_of(json.loads(LADDER.read_text()))
        report = site.blobs.put(LADDER.with_name("report.md").read_bytes())
        site.ledger.put(replace(study, files={"report.md": report}))


def _type(home: Path, *words: str) -> None:
    environment = os.environ | {"RADLENS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "radlens", *words], env=environment, check=True)
