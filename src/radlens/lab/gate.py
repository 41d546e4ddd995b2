"""The input gate of a bundle: thresholds from validation, then what became of other images."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.gate import MEANINGS, Gate, Share, Signal, Verdict
from radlens.domain.model import InputSpec
from radlens.domain.scan import Scan
from radlens.engines.golden import golden_scan
from radlens.imaging.prepare import normalise, prepare
from radlens.lab.export import run
from radlens.lab.splits import Splits
from radlens.lab.strangers import strangers
from radlens.lab.watch import spoiled

# Quantiles of validation. An image of another scanner may be a little further away than those of
# validation, other kinds are far beyond (docs/adr/0009-input-gate.md): hence the margin.
FAR, MARGIN = 0.99, 1.1
ODD = 0.995
DOUBTFUL = 0.98
MOST_SPOILED = 100

Values = NDArray[np.floating]


def gate_of(network: bytes, splits: Splits, spec: InputSpec) -> Gate:
    """The gate of an exported network, fitted on validation and measured on everything else."""
    gate = fit_gate(network, spec, signals_of(network, _tensor(splits.val.grey, spec)))
    return replace(gate, measured=tuple(measured(gate, network, spec, splits.test.grey)))


def fit_gate(network: bytes, spec: InputSpec, signals: Values) -> Gate:
    """A gate with thresholds from the ``signals`` (n, k) of validation images, not yet measured."""
    distance, odds = signals[:, 0], signals[:, 1:].max(1)
    golden = signals_of(network, prepare(golden_scan(), spec)[None])[0]
    # A position is never held against an image that is likelier upright.
    doubtful, refused = (max(float(np.quantile(odds, q)), 0.0) for q in (DOUBTFUL, ODD))
    first, *positions = MEANINGS
    nearest = float(np.quantile(distance, DOUBTFUL))
    farthest = MARGIN * float(np.quantile(distance, FAR))
    return Gate(
        (
            Signal(first, nearest, farthest),
            *(Signal(name, doubtful, refused) for name in positions),
        ),
        tuple(float(np.round(value, 5)) for value in golden),
    )


def measured(gate: Gate, network: bytes, spec: InputSpec, grey: Values) -> Iterator[Share]:
    """What becomes of test images ``grey`` (n, rows, cols) in [0, 1], and of other kinds."""
    yield share(gate, "test", signals_of(network, _tensor(grey, spec)))
    some = grey[:: -(-len(grey) // MOST_SPOILED)].astype(np.float32)
    for name, images in spoiled(some).items():
        yield share(gate, name, signals_of(network, _tensor(images, spec)))
    for kind, scans in strangers().items():
        yield share(gate, kind, signals_of(network, prepared(scans, spec)))


def share(gate: Gate, kind: str, signals: Values) -> Share:
    """How many images of one kind are doubtful and how many refused, by their signals (n, k)."""
    verdicts = [gate.assess(each.tolist()).verdict for each in signals]
    counts = (verdicts.count(verdict) for verdict in (Verdict.DOUBTFUL, Verdict.REFUSED))
    return Share(kind, len(verdicts), *counts)


def signals_of(network: bytes, tensor: NDArray[np.float32]) -> Values:
    """The signals (n, k) that an exported network gives to a tensor (n, 3, rows, cols)."""
    signals = run(network, tensor).signals
    if signals is None:
        raise ValueError("this network was exported without a watch")
    return signals


def prepared(scans: Iterable[Scan], spec: InputSpec) -> NDArray[np.float32]:
    """Scans as serving prepares them, (n, 3, rows, cols)."""
    return np.stack([prepare(scan, spec) for scan in scans])


def _tensor(grey: Values, spec: InputSpec) -> NDArray[np.float32]:
    return np.stack([normalise(np.asarray(image, np.float32), spec) for image in grey])
