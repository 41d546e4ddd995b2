"""The input gate of a bundle: thresholds from its own kind, then what became of other images."""

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
from radlens.lab.watch import parted, spoiled

# What the distance and what the positions may refuse of the images that a model is for; a bound
# that holds with this confidence, so that few images make it wider and never narrower.
SHARE, CONFIDENCE, RESAMPLES, SEED = 0.01, 0.95, 2000, 0
# An image of another scanner may be a little further away than those that were at hand, other
# kinds are far beyond (docs/adr/0009-input-gate.md).
MARGIN = 1.1
DOUBTFUL = 0.98
MOST_SPOILED = 100

Values = NDArray[np.floating]


def gate_of(network: bytes, splits: Splits, spec: InputSpec) -> Gate:
    """The gate of an exported network, measured on its test split and on everything else.

    Thresholds come from images that its watch was not fitted on: the rest of train, and
    validation.
    """
    train, val = splits.train, splits.val
    rest = parted(train.unit)[1]
    grey = np.concatenate([train.grey[rest], val.grey])
    unit = np.concatenate([train.unit[rest], val.unit])
    gate = fit_gate(network, spec, signals_of(network, _tensor(grey, spec)), unit)
    return replace(gate, measured=tuple(measured(gate, network, spec, splits.test.grey)))


def fit_gate(network: bytes, spec: InputSpec, signals: Values, unit: NDArray[np.int64]) -> Gate:
    """A gate with thresholds from the ``signals`` (n, k) of images that it must let pass.

    ``unit`` (n,) says which of them are of one patient or near-duplicate group.
    """
    distance, odds = signals[:, 0], signals[:, 1:].max(1)
    golden = signals_of(network, prepare(golden_scan(), spec)[None])[0]
    first, *positions = MEANINGS
    # A position is never held against an image that is likelier upright.
    doubtful, refused = (
        max(value, 0.0) for value in (float(np.quantile(odds, DOUBTFUL)), bound(odds, unit))
    )
    nearest, farthest = float(np.quantile(distance, DOUBTFUL)), MARGIN * bound(distance, unit)
    return Gate(
        (
            Signal(first, nearest, farthest),
            *(Signal(name, doubtful, refused) for name in positions),
        ),
        tuple(float(np.round(value, 5)) for value in golden),
        promised=SHARE,
    )


def bound(values: Values, unit: NDArray[np.int64]) -> float:
    """What at most ``SHARE`` of such values (n,) exceed, with ``CONFIDENCE``.

    The upper confidence limit of a quantile, by a bootstrap over the units (n,).
    """
    numbers = np.unique(unit, return_inverse=True)[1]
    count = int(numbers.max()) + 1
    order = np.argsort(-values, kind="stable")
    chance = np.random.default_rng(SEED)
    limits = []
    for _ in range(RESAMPLES):
        times = np.bincount(chance.integers(count, size=count), minlength=count)[numbers[order]]
        beyond = times.cumsum() <= SHARE * times.sum()  # may be refused, the largest first
        limits.append(values[order[min(int(beyond.sum()), len(order) - 1)]])
    return float(np.quantile(limits, CONFIDENCE))


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
