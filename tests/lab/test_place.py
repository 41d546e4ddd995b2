"""Several processes under the established launcher train what one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from radlens.domain.task import Mode
from radlens.lab.place import Place, here, together
from radlens.lab.training import fit
from tests.lab.tiny import TinyNet, tiny_data, tiny_recipe

ROOT = Path(__file__).parents[2]
# Norms count each process's own part on a processor: they stand still where runs are compared.
CHANGES = {"frozen": ["norm."], "class_weighting": 0.5, "mixup": 0.2}


def curve(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]


def test_two_processes_under_torchrun_train_what_one_does(tmp_path: Path):
    alone, two = tmp_path / "alone", tmp_path / "two"
    for folder in (alone, two):
        folder.mkdir()
    torch.set_num_threads(1)
    recipe = tiny_recipe(alone, **CHANGES)
    fit(TinyNet(4), tiny_data(), recipe, mode=Mode.MULTI_CLASS, folder=alone)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tests.lab.tiny", str(two), "-1", json.dumps(CHANGES)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = curve(alone), curve(two)
    assert len(ours) == len(theirs) == 3
    for one, other in zip(ours, theirs, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-4)
        assert one["validation"] == pytest.approx(other["validation"], abs=1e-4)


def test_the_parts_of_a_batch_are_all_of_it_and_nothing_twice():
    for n in (2, 5, 32):
        places = [Place(torch.device("cpu"), rank, 3) for rank in range(3)]
        parts = [list(range(n))[place.part(n)] for place in places]
        assert [i for part in parts for i in part] == list(range(n))


def test_without_a_launcher_a_run_is_alone():
    with together() as place:
        assert place == here()
        assert (place.rank, place.ranks, place.first) == (0, 1, True)
        assert (place.agreed(2.5), place.mean(2.5)) == (2.5, 2.5)
