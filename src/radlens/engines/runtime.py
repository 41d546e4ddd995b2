"""A bundle on ONNX Runtime: one thread a call, as many calls at once as there are workers."""

import platform
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import BoundedSemaphore

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from radlens.domain.errors import BadBundle, NotAssessable
from radlens.domain.model import Forward, Manifest, ModelRef
from radlens.engines.bundle import Bundle
from radlens.engines.golden import TOLERANCE, golden_scan
from radlens.imaging.prepare import prepare

FAILURES = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class OnnxEngine:
    """A loaded model that gave the golden answer; the session is safe from many threads."""

    def __init__(self, bundle: Bundle, *, workers: int, cache: Path) -> None:
        self._manifest, self._ref = bundle.manifest, bundle.ref
        self._slots = BoundedSemaphore(workers)
        try:
            self._session = _session(bundle, cache)
        except FAILURES as error:
            raise BadBundle("The bundle's network cannot be run here.") from error
        self._input = self._session.get_inputs()[0].name
        self._check_golden()

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    def ref(self) -> ModelRef:
        return self._ref

    def forward(self, tensor: NDArray[np.float32]) -> Forward:
        """One pass over a tensor of shape (n, 3, rows, cols); raises NotAssessable on NaN."""
        with self._slots:
            logits, evidence = self._session.run(["logits", "evidence"], {self._input: tensor})
        if not (np.isfinite(logits).all() and np.isfinite(evidence).all()):
            raise NotAssessable("The network's answer holds values that are not numbers.")
        return Forward(logits, evidence)

    def _check_golden(self) -> None:
        """Ready means: the golden scan gets the golden logits, within what hardware may change."""
        answer = self.forward(prepare(golden_scan(), self._manifest.input)[None])
        drift = np.abs(answer.logits[0] - np.asarray(self._manifest.golden)).max()
        if not drift <= TOLERANCE:
            raise BadBundle(
                f"The model {self._manifest.version} does not give its golden answer "
                f"(off by {drift:.3g})."
            )


def _options(level: ort.GraphOptimizationLevel) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = level
    options.log_severity_level = 4
    return options


def _session(bundle: Bundle, cache: Path) -> ort.InferenceSession:
    """Open the optimised graph from the cache, or check, optimise and cache the bundle's own."""
    cached = cache / f"{_machine(bundle.digest)}.onnx"
    with suppress(OSError, *FAILURES):  # a cache may be absent or damaged: it is made again
        graph = cached.read_bytes()
        if cached.with_suffix(".sha256").read_text() == sha256(graph).hexdigest():
            level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
            return ort.InferenceSession(graph, _options(level), ["CPUExecutionProvider"])
    # onnx is slow to import and needed once a model.
    from radlens.engines.graph import check_graph

    check_graph(bundle.network, bundle.manifest)
    return _optimised(bundle.network, cached)


def _optimised(network: bytes, cached: Path) -> ort.InferenceSession:
    options = _options(ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    with suppress(OSError):  # serving goes on without a cache, for instance on a full disk
        cached.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=cached.parent, suffix=".part") as part:
            options.optimized_model_filepath = part.name
            session = ort.InferenceSession(network, options, ["CPUExecutionProvider"])
            graph = Path(part.name).read_bytes()
        _replace(cached, graph)
        _replace(cached.with_suffix(".sha256"), sha256(graph).hexdigest().encode())
        return session
    options = _options(ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    return ort.InferenceSession(network, options, ["CPUExecutionProvider"])


def _replace(path: Path, content: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(content)
    Path(part.name).replace(path)


def _machine(digest: str) -> str:
    """The optimised graph is laid out for one model, runtime and kind of processor."""
    flags = ""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        flags = next((line for line in lines if line.startswith("flags")), "")
    kind = f"{digest} {ort.__version__} {platform.machine()} {platform.processor()} {flags}"
    return sha256(kind.encode()).hexdigest()[:32]
