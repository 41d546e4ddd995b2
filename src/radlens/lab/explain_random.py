"""Do the maps depend on what the network has learnt? Its weights are shuffled from the head down.

Cascading randomisation (Adebayo et al. 2018, NeurIPS, section 3): a map that outlives its weights
shows the image, not the network. Each tensor keeps its own values in another order, so that no
layer dies; several draws, because one random network can agree with the trained one by luck.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, numpy_helper
from scipy.ndimage import uniform_filter, zoom
from scipy.stats import rankdata

from radlens.domain.explanation import Randomised
from radlens.domain.heatmap import heatmap
from radlens.domain.model import InputSpec
from radlens.lab.explain_targets import Found, Images, Ints, answer, mean_of

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
DRAWS = 4
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16}
# Maps are compared as they are looked at: enlarged, with a window that a lesion would fill.
SHOWN, WINDOW = 56, 7


def randomisation(
    network: bytes, found: Found, spec: InputSpec, rng: np.random.Generator
) -> tuple[Randomised, ...]:
    """How like the true maps those of ever more shuffled networks are, head first."""
    true = _maps(network, found, spec)
    stages = []
    for share in SHARES:
        drawn = [_maps(shuffled(network, share, rng), found, spec) for _ in range(DRAWS)]
        stages.append(
            Randomised(
                share,
                mean_of(np.mean([spearman(true, maps) for maps in drawn], axis=0)),
                mean_of(np.mean([ssim(shown(true), shown(maps)) for maps in drawn], axis=0)),
            )
        )
    return tuple(stages)


def shuffled(network: bytes, share: float, rng: np.random.Generator) -> bytes:
    """The network with the upper share of its weight tensors shuffled; the head's always are."""
    model = onnx.load_from_string(network)
    order = weights_from_the_head(model)
    for tensor in order[: max(_head(model, order), round(share * len(order)))]:
        values = numpy_helper.to_array(tensor)
        mixed = rng.permutation(values.ravel()).reshape(values.shape)
        tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
    return bytes(model.SerializeToString())


def weights_from_the_head(model: ModelProto) -> list[TensorProto]:
    """Matrices and kernels in the order in which the graph uses them, the last first."""
    stored = {
        t.name: t for t in model.graph.initializer if t.data_type in FLOATS and len(t.dims) > 1
    }
    alias = {
        node.output[0]: node.input[0]
        for node in model.graph.node
        if node.op_type == "Cast" and node.input[0] in stored
    }
    used: dict[str, None] = {}
    for node in model.graph.node:
        if node.op_type != "Cast":
            used |= dict.fromkeys(alias.get(name, name) for name in node.input)
    return [stored[name] for name in reversed([name for name in used if name in stored])]


def _head(model: ModelProto, order: list[TensorProto]) -> int:
    """How many tensors at the head have the labels' number of rows or columns."""
    labels = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    count = 0
    while count < len(order) and labels in order[count].dims[:2]:
        count += 1
    return max(count, 1)


def spearman(a: Images, b: Images) -> NDArray[np.float64]:
    """The rank correlation of each pair of maps (n, rows, cols), (n,); 0 where one is flat."""
    ranks = [rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (a, b)]
    centred = [r - r.mean(1, keepdims=True) for r in ranks]
    size = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))
    product = (centred[0] * centred[1]).sum(1)
    return np.asarray(np.divide(product, size, out=np.zeros(len(a)), where=size > 0))


def ssim(a: Images, b: Images) -> NDArray[np.float64]:
    """Mean structural similarity of each pair of pictures in [0, 1], (n,).

    Wang et al. 2004, IEEE TIP, equation 13, with a flat window.
    """

    def local(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(uniform_filter(x, (0, WINDOW, WINDOW)))

    x, y = a.astype(np.float64), b.astype(np.float64)
    mx, my = local(x), local(y)
    vx, vy, cov = local(x * x) - mx * mx, local(y * y) - my * my, local(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    index = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    edge = WINDOW // 2
    return np.asarray(index[:, edge:-edge, edge:-edge].mean((1, 2)))


def shown(maps: Images) -> Images:
    """The heat maps as they are laid over an image, (n, SHOWN, SHOWN) in [0, 1]."""
    heats = [heatmap(one) for one in maps]
    values = np.stack(
        [np.zeros_like(m) if h is None else h.values for m, h in zip(maps, heats, strict=True)]
    )
    scale = (1, SHOWN / maps.shape[1], SHOWN / maps.shape[2])
    return np.asarray(np.clip(zoom(values, scale, order=1, grid_mode=True, mode="nearest"), 0, 1))


def _maps(network: bytes, found: Found, spec: InputSpec) -> Images:
    return of_label(answer(network, found.grey, spec).evidence, found.label)


def of_label(evidence: NDArray[np.float32], label: Ints) -> Images:
    """Each image's map of its own label, (n, rows, cols)."""
    return np.asarray(evidence[np.arange(len(label)), label])
