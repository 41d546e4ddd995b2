"""Each figure: two things done side by side, and what their ratio is."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bench.models import SPEC, TASK, Subject
from bench.timing import medians, seconds
from radlens.bootstrap import open_site
from radlens.domain.audit import Actor
from radlens.domain.calibration import probabilities
from radlens.domain.finding import findings
from radlens.domain.heatmap import heatmap
from radlens.model_ports import Engine
from radlens.settings import Settings
from radlens.usecases.batch import batch
from radlens.usecases.predict import predict

ME = Actor("bench", "cli")


def image(side: int, seed: int) -> bytes:
    """A grey PNG with the texture of a radiograph: smooth shapes and fine noise."""
    rng = np.random.default_rng(seed)
    smooth = Image.fromarray(rng.integers(0, 200, (9, 9), dtype=np.uint8))
    pixels = np.asarray(smooth.resize((side, side), Image.Resampling.BICUBIC), np.int16)
    noisy = np.clip(pixels + rng.normal(0, 4, (side, side)), 0, 255).astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(noisy).save(stream, "PNG")
    return stream.getvalue()


def tensor() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(1, 3, SPEC.rows, SPEC.cols))
    return noise.astype(np.float32)


def all_heat_maps(engine: Engine) -> float:
    """From the tensor to findings with all 13 heat maps / the forward pass alone."""
    x, manifest = tensor(), engine.manifest

    def prediction() -> None:
        forward = engine.forward(x)
        findings(
            probabilities(forward.logits[0], manifest.mode, manifest.calibration),
            labels=manifest.labels,
            mode=manifest.mode,
            points=manifest.operating_points,
            calibrated=manifest.calibration.fitted,
        )
        for evidence in forward.evidence[0]:
            heatmap(evidence)

    ours, bare = medians(prediction, lambda: engine.forward(x), repeats=40)
    return ours / bare


def hooks_per_label(subject: Subject, engine: Engine) -> float:
    """Torch forward and one hook-based Grad-CAM a label / ours with all maps."""
    network, x = subject.network, torch.from_numpy(tensor())
    network.requires_grad_(requires_grad=True)
    layer = network.features if hasattr(network, "features") else network.layer4

    def theirs() -> None:
        with torch.no_grad():
            network(x)
        for label in range(len(TASK.labels)):
            hooked_grad_cam(network, layer, x, label)

    def ours() -> None:
        for evidence in engine.forward(tensor()).evidence[0]:
            heatmap(evidence)

    slow, fast = medians(theirs, ours, repeats=5)
    return slow / fast


def hooked_grad_cam(
    network: torch.nn.Module, layer: torch.nn.Module, x: torch.Tensor, label: int
) -> torch.Tensor:
    """One label's Grad-CAM as it is usually done: hooks, a forward and a backward pass."""
    kept: list[torch.Tensor] = []
    hooks = (
        layer.register_forward_hook(lambda _module, _input, out: kept.append(out)),
        layer.register_full_backward_hook(lambda _module, _input, out: kept.append(out[0])),
    )
    network.zero_grad()
    network(x)[0][0, label].backward()
    for hook in hooks:
        hook.remove()
    return torch.relu((kept[1].mean((2, 3), keepdim=True) * kept[0]).sum(1))


def against_sgemm(subject: Subject, engine: Engine) -> float:
    """The forward pass / what this machine's matrix product needs for as many operations."""
    side, x = 1024, tensor()
    a = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    forward, product = medians(lambda: engine.forward(x), lambda: a @ a, repeats=30)
    rate = 2.0 * side**3 / product
    return forward / (subject.flops / rate)


def whole_use_case(home: Path) -> float:
    """A 1024 x 1024 PNG from bytes to committed record / the forward pass alone."""
    uploads = iter([image(1024, seed) for seed in range(32)])
    with open_site(Settings(home=home, gallery="gallery", workers=1)) as site:
        engine, x = site.live.current(TASK.name), tensor()
        whole, bare = medians(
            lambda: predict(site, next(uploads), task=TASK.name, by=ME),
            lambda: engine.forward(x),
            repeats=30,
        )
    return whole / bare


def cold_start(home: Path) -> float:
    """`radlens predict` from process start to answer / importing numpy and onnxruntime."""
    upload = home / "cold.png"
    upload.write_bytes(image(512, 1))
    command = [sys.executable, "-m", "radlens", "predict", str(upload), "-t", TASK.name, "--json"]
    ours, imports = medians(
        lambda: child(command, home),
        lambda: child([sys.executable, "-c", "import numpy, onnxruntime"], home),
        repeats=9,
    )
    return ours / imports


def child(command: list[str], home: Path) -> str:
    environment = {**os.environ, "RADLENS_HOME": str(home)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def help_imports(home: Path) -> float:
    """How many of numpy and onnxruntime `radlens --help` imports."""
    code = (
        "import sys, json\nfrom radlens.cli.app import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "print(json.dumps([m for m in ('numpy', 'onnxruntime') if m in sys.modules]))"
    )
    return float(len(json.loads(child([sys.executable, "-c", code], home).splitlines()[-1])))


def raw_loop(engine: Engine, n: int, workers: int) -> float:
    """Seconds for n forward passes on decoded tensors with as many workers."""
    x = tensor()
    with ThreadPoolExecutor(workers) as pool:
        return seconds(lambda: list(pool.map(engine.forward, [x] * n)))


def batch_throughput(home: Path, workers: int) -> float:
    """Images/s of batch over 200 files, answers recorded / images/s of the raw engine loop."""
    folder = home / "batch"
    folder.mkdir()
    files = [folder / f"{seed}.png" for seed in range(200)]
    for seed, file in enumerate(files):
        file.write_bytes(image(320, seed))
    ratios = []
    with open_site(Settings(home=home, gallery="gallery", workers=workers)) as site:
        engine = site.live.current(TASK.name)
        raw_loop(engine, 4, workers)
        for part in range(4):
            some = files[part * 50 : part * 50 + 50]
            run = lambda some=some: list(batch(site, some, task=TASK.name, by=ME))  # noqa: E731
            ours = seconds(run)
            ratios.append(raw_loop(engine, 50, workers) / ours)
    return float(np.median(ratios))
