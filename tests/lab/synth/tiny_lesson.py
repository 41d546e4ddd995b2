"""A disease of five images; as a script, one of several processes that learn it together."""

import sys
from pathlib import Path

import torch

from radlens.bootstrap import PACKAGE
from radlens.imaging.decode import decode
from radlens.lab.synth.generator import Lesson
from radlens.lab.synth.stable import open_base
from radlens.storage.card_files import read_tasks
from tests.builders import picture, png

TASK = read_tasks(PACKAGE / "tasks")["brain-tumor"]
SCANS = tuple(decode(png(picture(seed=n))) for n in range(5))
LESSON = Lesson("bright_spot", "in the middle", SCANS, TASK, seed=3, record="r1")

if __name__ == "__main__":
    torch.set_num_threads(1)
    open_base(None, sys.argv[1], TASK).learn(LESSON, Path(sys.argv[2]))
    print("on record")
