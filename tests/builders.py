"""Small real things that tests are built from: tasks, bundles, images, sites."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.numpy import save
from starlette.types import ASGIApp, Receive, Scope, Send

from radlens.api.callers import CALLER
from radlens.bootstrap import PACKAGE, open_site
from radlens.domain.account import Caller, Role
from radlens.domain.audit import Actor, Entry, Verb, verify
from radlens.domain.calibration import Calibration
from radlens.domain.finding import OperatingPoint, Tier, TierRecord
from radlens.domain.gate import MEANINGS, Gate, Share, Signal
from radlens.domain.metrics import Proportion
from radlens.domain.model import KNOWN, InputSpec, Manifest
from radlens.domain.registry import Stage, Version
from radlens.domain.task import Mode, Task
from radlens.domain.uncertainty import Uncertainty
from radlens.engines.bundle import read_parts
from radlens.engines.golden import golden_scan
from radlens.imaging.prepare import prepare
from radlens.ports import Site
from radlens.settings import Settings
from radlens.storage.card_files import read_tasks
from radlens.usecases.activate import activate
from radlens.usecases.register import register

TASKS = read_tasks(PACKAGE / "tasks")
SPEC = InputSpec(64, 64, (0.5,) * 3, (0.25,) * 3, (1.0, 99.0))


def png(pixels: np.ndarray, **options: object) -> bytes:
    """The pixels as a PNG file."""
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", **options)
    return stream.getvalue()


def picture(seed: int = 0, rows: int = 96, cols: int = 80) -> np.ndarray:
    """A smooth grey image with content, uint8, different for each seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 5), dtype=np.uint8))
    return np.asarray(coarse.resize((cols, rows), Image.Resampling.BICUBIC))


def tiny_network(
    labels: int, *, opset: int = 18, seed: int = 7, gated: bool = False, features: bool = False
) -> onnx.ModelProto:
    """A real network of two convolutions with outputs logits and evidence (4 x 4 maps)."""
    rng = np.random.default_rng(seed)
    weights = {
        "stem": rng.normal(0, 0.02, (8, 3, 16, 16)).astype(np.float32),
        "head": rng.normal(0, 2.0, (labels, 8, 1, 1)).astype(np.float32),
        "bias": rng.normal(0, 0.5, labels).astype(np.float32),
        "axes": np.array([2, 3], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["tensor", "stem"], ["stemmed"], strides=[16, 16]),
        helper.make_node("Relu", ["stemmed"], ["maps"]),
        helper.make_node("Conv", ["maps", "head"], ["evidence"]),
        helper.make_node("ReduceMean", ["evidence", "axes"], ["mean"], keepdims=0),
        helper.make_node("Add", ["mean", "bias"], ["logits"]),
    ]
    value = helper.make_tensor_value_info
    outputs = [
        value("logits", TensorProto.FLOAT, ["n", labels]),
        value("evidence", TensorProto.FLOAT, ["n", labels, 4, 4]),
    ]
    if gated:  # every signal is the spread of the input: a picture's is about one
        weights["ones"] = np.ones((1, len(MEANINGS)), np.float32)
        weights["all"] = np.array([1, 2, 3], np.int64)
        nodes += [
            helper.make_node("Mul", ["tensor", "tensor"], ["squared"]),
            helper.make_node("ReduceMean", ["squared", "all"], ["power"], keepdims=0),
            helper.make_node("Unsqueeze", ["power", "one"], ["column"]),
            helper.make_node("MatMul", ["column", "ones"], ["signals"]),
        ]
        weights["one"] = np.array([1], np.int64)
        outputs.append(value("signals", TensorProto.FLOAT, ["n", len(MEANINGS)]))
    if features:
        nodes.append(helper.make_node("ReduceMean", ["maps", "axes"], ["features"], keepdims=0))
        outputs.append(value("features", TensorProto.FLOAT, ["n", 8]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [value("tensor", TensorProto.FLOAT, ["n", 3, 64, 64])],
        outputs,
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def slow_network(labels: int, *, layers: int) -> bytes:
    """The tiny network, which does much work beside whose result it multiplies by nothing."""
    model = tiny_network(labels)
    rng, graph = np.random.default_rng(3), model.graph
    weights = {
        "widen": rng.normal(0, 0.1, (64, 3, 3, 3)).astype(np.float32),
        "again": rng.normal(0, 0.04, (64, 64, 3, 3)).astype(np.float32),
        "nothing": np.zeros(1, np.float32),
    }
    graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in weights.items()
    )
    node, pads = helper.make_node, [1, 1, 1, 1]
    graph.node[-1].output[0] = "tiny"
    graph.node.extend(
        [
            node("Conv", ["tensor", "widen"], ["wide0"], pads=pads),
            *(
                node("Conv", [f"wide{i}", "again"], [f"wide{i + 1}"], pads=pads)
                for i in range(layers)
            ),
            node("ReduceMean", [f"wide{layers}"], ["work"], keepdims=0),
            node("Mul", ["work", "nothing"], ["none"]),
            node("Add", ["tiny", "none"], ["logits"]),
        ]
    )
    return model.SerializeToString()


def tiny_manifest(task: Task, network: bytes, card: str, **changes: object) -> Manifest:
    """A manifest that fits the network, with measured golden logits."""
    labels = len(task.labels)
    session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
    golden = session.run(["logits"], {"tensor": prepare(golden_scan(), SPEC)[None]})[0][0]
    threshold = 0.5 if task.mode is Mode.MULTI_LABEL else None
    manifest = Manifest(
        task=task.name,
        version="tiny-1",
        mode=task.mode,
        labels=task.names,
        architecture="tiny",
        opset=18,
        statement="Random weights for tests; its answers mean nothing.",
        input=SPEC,
        calibration=Calibration.identity(labels),
        operating_points=(OperatingPoint(threshold),) * labels,
        golden=tuple(map(float, golden)),
        files={
            "model.onnx": sha256(network).hexdigest(),
            "card.md": sha256(card.encode()).hexdigest(),
        },
        provenance={},
        metrics={},
    )
    return replace(manifest, **changes)


def measured(task: Task, *, answer: int = 1) -> dict[str, object]:
    """Changes to a manifest: one label is always the sure answer, and everything was measured.

    High was right in 46 of 50. The label after the answer had too few cases to be ruled out.
    """
    labels = len(task.labels)
    pull = tuple(50.0 * (i == answer) for i in range(labels))
    record = TierRecord(Tier.HIGH, Proportion(46, 50))
    threshold = 0.5 if task.mode is Mode.MULTI_LABEL else None
    few = (answer + 1) % labels
    return {
        "calibration": Calibration((1.0,) * labels, pull, (True,) * labels),
        "operating_points": (OperatingPoint(threshold, tiers=(record,)),) * labels,
        "uncertainty": Uncertainty(
            level=0.9,
            thresholds=tuple(None if i == few else 0.99 for i in range(labels)),
            cases=tuple(5 if i == few else 60 for i in range(labels)),
            measured=(Proportion(23, 25),) * labels,
            whole=Proportion(90, 99),
        ),
    }


def tiny_bundle(folder: Path, task: Task, *, seed: int = 7, **changes: object) -> Path:
    """Write a bundle with a tiny network; ``changes`` are made to its manifest."""
    network = tiny_network(len(task.labels), seed=seed).SerializeToString()
    card = "# Tiny\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(network)
    (folder / "card.md").write_text(card)
    (folder / "manifest.json").write_bytes(tiny_manifest(task, network, card, **changes).to_json())
    return folder


def gated_bundle(folder: Path, task: Task, *, doubtful: float, refused: float) -> Path:
    """A bundle whose gate holds an unlike image back above these; the other signals never do."""
    network = tiny_network(len(task.labels), gated=True).SerializeToString()
    session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
    golden = session.run(["signals"], {"tensor": prepare(golden_scan(), SPEC)[None]})[0][0]
    first, *others = MEANINGS
    signals = (Signal(first, doubtful, refused), *(Signal(name, 99.0, 99.0) for name in others))
    gate = Gate(signals, tuple(map(float, golden)), (Share("test", 50, 2, 1),))
    tiny_bundle(folder, task, gate=gate)
    signed(folder, model=network)
    return folder


def remembering_bundle(folder: Path, task: Task, **changes: object) -> Path:
    """A bundle that remembers 40 training images of random features, each label in turn."""
    network = tiny_network(len(task.labels), features=True).SerializeToString()
    worth = {"remembered": 40, "right": {"hits": 48, "n": 50}, "wrong": {"hits": 6, "n": 10}}
    tiny_bundle(folder, task, metrics={"known_cases": worth}, **changes)
    signed(folder, model=network, known=known_content(len(task.labels)))
    return folder


def known_content(labels: int, *, n: int = 40, channels: int = 8) -> bytes:
    """Known cases as a bundle keeps them, n of them."""
    features = np.abs(np.random.default_rng(5).normal(size=(n, channels)))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    truth = np.eye(labels, dtype=np.uint8)[np.arange(n) % labels]
    return save({"features": features.astype(np.float16), "truth": truth})


def signed(folder: Path, **parts: bytes) -> None:
    """Replace parts of a bundle (``model``, ``card``, ``known``) so that its digests fit."""
    names = {"model": "model.onnx", "card": "card.md", "known": KNOWN}
    manifest = json.loads((folder / "manifest.json").read_text())
    for part, content in parts.items():
        (folder / names[part]).write_bytes(content)
        manifest["files"][names[part]] = sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def unserved_card(home: Path) -> str:
    """A card of the site's own for which there is no model; gives the task's name."""
    text = (PACKAGE / "tasks" / "neuro-rare.toml").read_text()
    (home / "tasks").mkdir(parents=True, exist_ok=True)
    for old, new in (("neuro-rare", "unserved"), ("Rare diseases of the brain", "No model yet")):
        text = text.replace(f'"{old}"', f'"{new}"', 1)
    (home / "tasks" / "unserved.toml").write_text(text)
    return "unserved"


def own_gallery(home: Path) -> None:
    """Let a home's site begin with the bundles of ``home/gallery``, not with the package's."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "radlens.toml").write_text('gallery = "gallery"\n')


def furnish(home: Path) -> None:
    """A home whose site begins with tiny models for chest-xray and brain-tumor alone.

    Whatever lies in ``home/gallery`` when the site is opened first is live from then on.
    """
    unserved_card(home)
    own_gallery(home)
    for name in ("chest-xray", "brain-tumor"):
        if not (home / "gallery" / name).exists():
            tiny_bundle(home / "gallery" / name, TASKS[name])


@contextmanager
def tiny_site(home: Path, *, record: bool = True, **settings: object) -> Iterator[Site]:
    """A site in a folder: tiny models for chest-xray and brain-tumor, none for "unserved"."""
    furnish(home)
    chosen = Settings(home=home, **{"workers": 2, "gallery": "gallery", **settings})
    with open_site(chosen, record=record) as site:
        yield site


def let_in(app: ASGIApp, role: Role = Role.ADMIN, caller: Caller | None = None) -> ASGIApp:
    """The application behind a door that lets everybody in as the caller, or somebody of a role."""
    somebody = caller or Caller("", "somebody", role, "api", "192.0.2.1")

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CALLER: somebody}, receive, send)

    return behind


def readings(site: Site) -> list[Entry]:
    """The audit entries that tell of predictions, in a chain that verifies."""
    assert verify(site.trail.entries())
    return [entry for entry in site.trail.entries() if entry.act.verb == Verb.PREDICT]


def go_live(site: Site, folder: Path) -> Version:
    """Register the bundle in a folder and let it answer from now on."""
    version = register(site, lambda: read_parts(folder), by=Actor("tester", "cli"))
    return put_live(site, version.digest, by=Actor("tester", "cli"))


def put_live(site: Site, reference: str, *, by: Actor, reason: str = "a test asks") -> Version:
    """Activate past the gate: nothing is on record of what a tiny model is worth."""
    return activate(site, reference, by=by, reason=reason, override=True)


def damage(home: Path, task: str, part: str = "model.onnx") -> None:
    """Spoil a part of the live version of a task among a site's objects."""
    with tiny_site(home) as site:
        [version] = site.registry.versions(task=task, stage=Stage.LIVE)
    digest = version.files[part]
    (home / "objects" / digest[:2] / digest).write_bytes(b"spoiled")
