"""A bundle on ONNX Runtime: one thread a call, as many calls at once as there are workers."""

import platform
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from threading import BoundedSemaphore

import numpy as np
import onnxruntime as ort
from isal.isal_zlib import crc32
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from radlens.domain.bundle import Bundle
from radlens.domain.errors import BadBundle, BrokenModel, NotAssessable, StorageFull
from radlens.domain.known import KnownCases
from radlens.domain.model import Forward, Manifest, ModelRef
from radlens.engines.golden import TOLERANCE, drifted, golden_scan
from radlens.imaging.prepare import prepare

INPUT = "tensor"
FAILURES = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class OnnxEngine:
    """A loaded model; the session is safe from many threads.

    An optimised graph is kept in ``cache`` only after it gave the golden answer, so a graph
    from there has been proven on this machine.
    """

    def __init__(self, bundle: Bundle, *, workers: int, cache: Path) -> None:
        self._manifest, self._ref, self._known = bundle.manifest, bundle.ref, bundle.known
        self._slots = BoundedSemaphore(workers)
        cached = cache / f"{_machine(bundle.digest)}.onnx"
        try:
            if session := _proven(cached):
                self._session = session
                return
            # onnx is slow to import and needed once a model.
            from radlens.engines.graph import check_graph

            channels = bundle.known.features.shape[1] if bundle.known else None
            check_graph(bundle.network, bundle.manifest, channels=channels)
            self._session, graph = _optimised(bundle.network)
        except FAILURES as error:
            raise BadBundle("The bundle's network cannot be run here.") from error
        self.prove()
        _keep(cached, graph)

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    def ref(self) -> ModelRef:
        return self._ref

    @property
    def known(self) -> KnownCases | None:
        return self._known

    def forward(self, tensor: NDArray[np.float32]) -> Forward:
        """One pass over a tensor of shape (n, 3, rows, cols).

        Raises NotAssessable on NaN, and BrokenModel where the network cannot be run on it.
        """
        try:
            with self._slots:
                answer = self._session.run(self._manifest.outputs, {INPUT: tensor})
        except FAILURES as error:
            raise BrokenModel(
                f"The model {self._manifest.version} cannot be run on this image."
            ) from error
        if not all(np.isfinite(values).all() for values in answer):
            raise NotAssessable("The network's answer holds values that are not numbers.")
        return Forward(**dict(zip(self._manifest.outputs, answer, strict=True)))

    def prove(self) -> None:
        """Raise BadBundle unless the golden scan gets its golden answer, here and now."""
        try:
            answer = self.forward(prepare(golden_scan(), self._manifest.input)[None])
        except BrokenModel as error:
            raise BadBundle(error.message) from error
        drift = drifted(answer, self._manifest)
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


def _proven(cached: Path) -> ort.InferenceSession | None:
    """The session of a kept graph; None where there is none, or a damaged one."""
    with suppress(OSError, *FAILURES):
        graph = cached.read_bytes()
        if cached.with_suffix(".crc32").read_text() == _checksum(graph):
            level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
            return ort.InferenceSession(graph, _options(level), ["CPUExecutionProvider"])
    return None


def _optimised(network: bytes) -> tuple[ort.InferenceSession, bytes]:
    options = _options(ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    try:
        with TemporaryDirectory() as scratch:
            options.optimized_model_filepath = str(Path(scratch) / "optimised.onnx")
            session = ort.InferenceSession(network, options, ["CPUExecutionProvider"])
            return session, Path(options.optimized_model_filepath).read_bytes()
    except OSError as error:
        raise StorageFull("There is no room for the optimised model.") from error


def _keep(cached: Path, graph: bytes) -> None:
    with suppress(OSError):  # serving goes on without a cache, for instance on a full disk
        cached.parent.mkdir(parents=True, exist_ok=True)
        _replace(cached, graph)
        _replace(cached.with_suffix(".crc32"), _checksum(graph).encode())


def _replace(path: Path, content: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(content)
    Path(part.name).replace(path)


def _checksum(graph: bytes) -> str:
    """Against damage, not malice: who can write here can write the database too. SHA-256 of a
    big graph would take longer than loading it."""
    return f"{crc32(graph):08x}"


def _machine(digest: str) -> str:
    """The optimised graph is laid out for one model, runtime and kind of processor."""
    kind = f"{digest} {ort.__version__} {platform.machine()} {_processor()}"
    return sha256(kind.encode()).hexdigest()[:32]


def _processor() -> str:
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return platform.processor()  # elsewhere; on Linux it would start a process to ask
