"""What two networks make of images: the task's own classifier, and EfficientNet-Lite0."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from radlens.domain.errors import BadBundle, BadDataset, BadInput
from radlens.domain.model import InputSpec
from radlens.domain.scan import Scan
from radlens.imaging.prepare import prepare
from radlens.lab.looks import FEATURES, look
from radlens.lab.progress import Seen, silent

CLASSIFIER, IMAGENET, PIXELS = "classifier", "imagenet", "pixels"
EMBEDDINGS = (CLASSIFIER, IMAGENET)
BATCH = 16

Array = NDArray[np.float32]


class Penultimate:
    """A bundle's network read before its last layer; raises BadBundle where it has none such."""

    def __init__(self, network: bytes, spec: InputSpec) -> None:
        model = onnx.ModelProto.FromString(network)
        last = [node for node in model.graph.node if "evidence" in node.output]
        if not last:
            raise BadBundle("The bundle's network has no layer that makes its evidence.")
        self.spec, self._maps = spec, last[0].input[0]
        model.graph.output.append(onnx.ValueInfoProto(name=self._maps))
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        providers = ["CPUExecutionProvider"]
        self._session = ort.InferenceSession(model.SerializeToString(), options, providers)

    def __call__(self, tensor: Array) -> tuple[Array, Array]:
        """Pooled features (n, channels) and logits (n, labels) of a tensor (n, 3, rows, cols)."""
        maps, logits = self._session.run([self._maps, "logits"], {"tensor": tensor})
        return maps.mean((2, 3)), logits


@dataclass(frozen=True, eq=False)
class Views:
    """Of n images: ``copies`` (n, 64, 64) grey in [0, 1], what each network makes of them by the
    names of ``EMBEDDINGS`` (n, channels), and the classifier's ``logits`` (n, labels).

    EfficientNet-Lite0 has seen photographs only; it looks at 96 pixels, and its features are
    brought to the length of the square root of their number, so that their cosine is what a
    kernel sees of two images.
    """

    copies: Array
    features: dict[str, Array]
    logits: Array

    def __len__(self) -> int:
        return len(self.copies)

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> "Views":
        """Those of the images at these positions."""
        features = {name: values[which] for name, values in self.features.items()}
        return Views(self.copies[which], features, self.logits[which])


def view(
    scans: Iterable[Scan], names: Sequence[str], judge: Penultimate, seen: Seen = silent
) -> Views:
    """The views of scans, each read once; raises BadDataset with the name of one that cannot be."""
    n = len(names)
    found: list[tuple[Array, Array]] = []
    waiting: list[Array] = []

    def passing() -> Iterator[Scan]:
        for at, scan in enumerate(scans, 1):
            try:
                waiting.append(prepare(scan, judge.spec))
            except BadInput as error:
                raise BadDataset(f"{names[at - 1]}: {error.message}") from error
            if len(waiting) == BATCH or at == n:
                found.append(judge(np.stack(waiting)))
                waiting.clear()
            yield scan

    looks = look(passing(), n, seen)
    pooled, logits = (np.concatenate(each) for each in zip(*found, strict=True))
    imagenet = np.asarray(looks.features, np.float32) * np.float32(np.sqrt(FEATURES))
    copies = np.asarray(looks.copies, np.float32) / np.float32(255)
    return Views(copies, {CLASSIFIER: pooled, IMAGENET: imagenet}, logits)
