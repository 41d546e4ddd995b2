"""``make bench``: one line a figure, ``name value goal ok|short``."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench import figures, pages, server
from bench.figure import Figure, show
from bench.models import TASK, make
from radlens.engines.bundle import read_bundle
from radlens.engines.runtime import OnnxEngine

WORKERS = os.cpu_count() or 1


def main(only: list[str]) -> int:
    """Print every figure, or only those whose names are given; how many failed."""
    torch.set_num_threads(1)
    with TemporaryDirectory() as scratch:
        dense, res = (make(name, Path(scratch) / name) for name in ("densenet121", "resnet18"))
        home = Path(scratch) / "densenet121"
        engines = [
            OnnxEngine(read_bundle(subject.bundle, TASK), workers=WORKERS, cache=home / "cache")
            for subject in (dense, res)
        ]
        table = [
            Figure("all-heat-maps/forward", "<=1.05", lambda: figures.all_heat_maps(engines[0])),
            Figure("hooks/ours", ">=40", lambda: figures.hooks_per_label(dense, engines[0])),
            Figure("densenet121/sgemm", "<=1.2", lambda: figures.against_sgemm(dense, engines[0])),
            Figure("resnet18/sgemm", "<=1.2", lambda: figures.against_sgemm(res, engines[1])),
            Figure("use-case/forward", "<=1.6", lambda: figures.whole_use_case(home)),
            Figure("cold-start/imports", "<=3", lambda: figures.cold_start(home)),
            Figure("help-heavy-imports", "<=0", lambda: figures.help_imports(home)),
            Figure("batch/raw-loop", ">=0.8", lambda: figures.batch_throughput(home, WORKERS)),
            Figure("http/raw-loop", ">=0.85", lambda: server.http_throughput(home, WORKERS)),
            Figure("memory-1000/50", "<=1.05", lambda: server.memory_growth(home, WORKERS)),
            *pages.FIGURES,
        ]
        return show(table, only)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
