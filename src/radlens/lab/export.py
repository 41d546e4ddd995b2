"""Network -> ONNX with logits, evidence and the gate's signals, or a refusal that says why."""

import logging
import warnings
from dataclasses import asdict, dataclass

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from radlens.domain.errors import BadBundle
from radlens.domain.model import Forward, InputSpec
from radlens.engines.golden import golden_scan
from radlens.imaging.prepare import prepare
from radlens.lab.gradcam import grad_cam
from radlens.lab.networks import Net
from radlens.lab.watch import Watch, Watched

OPSET = 18
AGREEMENT = 1e-4
# Weights keep the names that they have in the network alone, so that training can start from them.
WITHIN = "network."
LARGEST_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Parity:
    """The largest disagreements that the export found, none above AGREEMENT."""

    evidence_and_bias_with_logits: float
    onnx_with_torch: float
    evidence_with_grad_cam: float
    signals_with_torch: float = 0.0


@dataclass(frozen=True, eq=False)
class Exported:
    """ONNX bytes: ``network`` with weights stored in 16 bits, ``full`` in 32."""

    network: bytes
    full: bytes
    parity: Parity


def export(network: Net, spec: InputSpec, watch: Watch | None = None) -> Exported:
    """Export a network; raises BadBundle where two ways to one answer differ by over 1e-4.

    With a ``watch`` the graph has the third output ``signals``.
    """
    network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    network.requires_grad_(requires_grad=False)
    x = probes(spec)
    full = to_onnx(network, x, watch)
    parity = measure(network, full, x, watch=watch)
    for name, value in asdict(parity).items():
        if not value <= AGREEMENT:
            raise BadBundle(
                f"The export is refused: {name.replace('_', ' ')} disagrees by {value:.2g}, "
                f"and at most {AGREEMENT:g} is let through.",
                hint="The network must end in global average pooling and one linear layer.",
            )
    return Exported(halved(full), full, parity)


def probes(spec: InputSpec) -> torch.Tensor:
    """Inputs to compare on, shape (4, 3, rows, cols): the golden scan and seeded noise."""
    golden = torch.from_numpy(prepare(golden_scan(), spec))[None]
    generator = torch.Generator().manual_seed(0)
    return torch.cat([golden, torch.randn(3, 3, spec.rows, spec.cols, generator=generator)])


def to_onnx(network: Net, x: torch.Tensor, watch: Watch | None = None) -> bytes:
    """Plain ONNX with a free batch size, input ``tensor`` and the outputs of ``Forward``."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own use of what torch deprecates
        program = torch.onnx.export(
            Watched(network, watch).eval() if watch else network,
            (x,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["tensor"],
            output_names=["logits", "evidence", *(["signals"] if watch else [])],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise BadBundle("The exporter gave no network.")
    model = program.model_proto
    # The exporter notes where each step came from, with the paths of this machine.
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
        node.input[:] = [name.removeprefix(WITHIN) for name in node.input]
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.removeprefix(WITHIN)
    model.graph.ClearField("value_info")
    model.graph.ClearField("metadata_props")
    return bytes(model.SerializeToString(deterministic=True))


def measure(
    network: Net, exported: bytes, x: torch.Tensor, *, watch: Watch | None = None
) -> Parity:
    """Compare logits, evidence, Grad-CAM, torch and ONNX on inputs (n, 3, rows, cols)."""
    with torch.inference_mode():
        logits, evidence = (out.numpy() for out in network(x))
    answer = run(exported, x.numpy())
    # The exported evidence must explain the exported logits, by the network's own bias.
    bias = network.head.bias.detach().numpy()
    cells = evidence.shape[2] * evidence.shape[3]
    cam = grad_cam(network, x).numpy() * cells
    return Parity(
        _worst(answer.evidence.mean((2, 3)) + bias, answer.logits),
        max(_worst(answer.logits, logits), _worst(answer.evidence, evidence)),
        _worst(np.maximum(answer.evidence, 0), cam),
        _strayed(network, watch, x, answer) if watch else 0.0,
    )


def _strayed(network: Net, watch: Watch, x: torch.Tensor, answer: Forward) -> float:
    with torch.inference_mode():
        signals = Watched(network, watch)(x)[2].numpy()
    assert answer.signals is not None  # noqa: S101 - the graph was exported with a watch
    return _worst(answer.signals, signals)


def _worst(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The largest difference; where values exceed one, in parts of the largest of them."""
    return float(np.abs(a - b).max() / max(1.0, np.abs(b).max()))


def halved(exported: bytes) -> bytes:
    """The same graph with matrices and kernels stored in 16 bits and cast back when it is loaded.

    The runtime folds the casts, so that everything is computed in 32 bits. Vectors (biases and
    norms) are small and sensitive: they keep 32 bits.
    """
    model = onnx.load_from_string(exported)
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2 or np.abs(values).max() > LARGEST_HALF:
            continue
        name = tensor.name
        stored = f"{name}.half"
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def run(exported: bytes, tensor: NDArray[np.float32], batch: int = 32) -> Forward:
    """What ONNX Runtime answers to a tensor (n, 3, rows, cols), on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(exported, options, ["CPUExecutionProvider"])
    parts = np.array_split(tensor, -(-len(tensor) // batch))
    answers = [session.run(None, {"tensor": part}) for part in parts]
    names = [output.name for output in session.get_outputs()]
    columns = (np.concatenate(each) for each in zip(*answers, strict=True))
    return Forward(**dict(zip(names, columns, strict=True)))
