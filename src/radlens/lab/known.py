"""Training images that a bundle remembers, and what it is worth that one of them is near."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from safetensors.numpy import save

from radlens.domain.errors import BadBundle
from radlens.domain.known import MOST, NEAREST, KnownCases
from radlens.domain.model import InputSpec
from radlens.lab.answers import Answers
from radlens.lab.batches import as_input, grey_images, made
from radlens.lab.dataset import Cases
from radlens.lab.export import run

BATCH = 32

Which = NDArray[np.int64]


def remembered(cases: Cases, *, most: int, seed: int) -> Which:
    """Which training images a bundle is to remember, ``most`` of them; none where too few are fit.

    Real ones of which every label is known, drawn by the seed: one of each patient or
    near-duplicate group, and of each label alike many as far as there are. An image with several
    labels counts for the rarest of them, one without any for the group of those.
    """
    fit = ~made(cases) & ~np.isnan(cases.truth).any(1)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(fit))
    order = order[np.sort(np.unique(cases.unit[order], return_index=True)[1])]
    there = cases.truth[order] == 1
    rarest = np.where(there, there.sum(0), len(order) + 1).argmin(1)
    group = np.where(there.any(1), rarest, -1)
    groups = np.unique(group)
    share = most // max(len(groups), 1)
    chosen = np.concatenate([order[:0], *(order[group == each][:share] for each in groups)])
    return chosen if len(chosen) >= NEAREST else chosen[:0]


def exposed(network: bytes) -> bytes:
    """The same graph, which gives what its last layer reads as ``features`` (n, channels) too.

    The pass through the network makes them anyway. Raises BadBundle where there is no such layer.
    """
    model = onnx.load_from_string(network)
    graph = model.graph
    last = next((node for node in graph.node if "logits" in node.output), None)
    sizes = {tensor.name.removesuffix(".half"): tensor.dims for tensor in graph.initializer}
    if last is None or last.op_type != "Gemm" or len(sizes.get(last.input[1], ())) != 2:
        raise BadBundle("The bundle's network does not end in one linear layer.")
    pooled, channels = last.input[0], sizes[last.input[1]][1]
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = ["features" if name == pooled else name for name in names]
    output = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", channels])
    graph.output.append(output)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def known_part(network: bytes, cases: Cases, spec: InputSpec) -> bytes:
    """What a bundle keeps of these cases: their features and their truth, and nothing else."""
    features = features_of(network, cases, spec)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    truth = (cases.truth == 1).astype(np.uint8)
    return save({"features": (features / lengths).astype(np.float16), "truth": truth})


def features_of(network: bytes, cases: Cases, spec: InputSpec) -> NDArray[np.float32]:
    """The features (n, channels) that an exposed network gives of cases."""
    found = []
    for part in np.array_split(np.arange(len(cases)), -(-len(cases) // BATCH)):
        tensor = as_input(grey_images(cases, part), spec).contiguous().numpy()
        features = run(network, tensor).features
        if features is None:
            raise BadBundle("The bundle's network gives no features.")
        found.append(features)
    return np.concatenate(found)


def recalled(
    network: bytes,
    cases: Cases,
    spec: InputSpec,
    *,
    features: NDArray[np.float32],
    answers: Answers,
) -> tuple[bytes, dict[str, Any]]:
    """The part that remembers ``cases``, and its worth on images with these ``features``."""
    part = known_part(network, cases, spec)
    return part, worth(KnownCases.of(part, answers.labels, None), features, answers)


def worth(known: KnownCases, features: NDArray[np.float32], answers: Answers) -> dict[str, Any]:
    """How often most of the nearest carry the label of a right and of a wrong answer.

    Of held-out images with ``features`` (n, channels), as a manifest keeps it.
    """
    carried = known.truth[known.nearest(features)[0]].sum(1) >= MOST
    found: dict[str, Any] = {"remembered": len(known.features), "nearest": NEAREST}
    for name, value in (("right", 1), ("wrong", 0)):
        such = answers.claimed & (answers.truth == value)
        hits, n = int((such & carried).sum()), int(such.sum())
        found[name] = {"hits": hits, "n": n} if n else None
    return found
