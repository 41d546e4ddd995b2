"""Does the map's peak lie on the lesion? The pointing game (Zhang et al. 2018, IJCV, section 4.1).

The peak is the middle of the map's largest cell, and may miss the lesion by half a cell, which is
as fine as the map can speak. Anatomy puts many lesions near the middle, where a map that knows
nothing would hit them too: so every image is first moved by chance, and the lesion with it.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, shift

from radlens.domain.explanation import Pointing
from radlens.domain.metrics import Proportion
from radlens.domain.model import InputSpec
from radlens.lab.explain_random import of_label
from radlens.lab.explain_targets import Images, Targets, answer

FARTHEST = 0.25


def pointing(network: bytes, targets: Targets, spec: InputSpec) -> Pointing:
    """How often the peak hits where the lesion was recognised, beside the middle and chance."""
    forward = answer(network, targets.grey, spec)
    maps = of_label(forward.evidence, targets.label)
    seen = recognised(forward.logits, network, targets, spec)
    rows, cols = targets.grey.shape[1:]
    tolerance = max(rows / maps.shape[1], cols / maps.shape[2]) / 2
    near = np.stack([distance_transform_edt(~mask) <= tolerance for mask in targets.mask])
    middle = np.full((len(near), 2), (rows // 2, cols // 2))
    there = maps.max((1, 2)) > 0  # an image without a map is a miss
    return Pointing(
        recognised=Proportion(int(seen.sum()), len(seen)),
        peak=_hits(hit(near, peaks(maps, rows, cols)) & there, seen),
        centre=_hits(hit(near, middle), seen),
        chance=float(near.mean()),
        tolerance_pixels=float(tolerance),
        on=targets.on,
    )


def moved(targets: Targets, rng: np.random.Generator) -> Targets:
    """The same images, each shifted by up to ``FARTHEST`` of its side; black comes in."""
    rows, cols = targets.grey.shape[1:]
    places = rng.uniform(-FARTHEST, FARTHEST, (len(targets.grey), 2)) * (rows, cols)

    def shifted(planes: Images) -> Images:
        pairs = zip(planes, places.round(), strict=True)
        return np.stack([shift(plane, place, order=0) for plane, place in pairs])

    mask = shifted(targets.mask.astype(np.float32)) > 0
    before = None if targets.before is None else shifted(targets.before)
    kept = np.flatnonzero(mask.any((1, 2)))
    return replace(
        targets,
        grey=shifted(targets.grey)[kept],
        label=targets.label[kept],
        mask=mask[kept],
        before=None if before is None else before[kept],
    )


def recognised(
    logits: NDArray[np.float32], network: bytes, targets: Targets, spec: InputSpec
) -> NDArray[np.bool_]:
    """Where drawing the lesion at least doubled the label's odds, or its label leads, (n,)."""
    if targets.before is None:
        return np.asarray(logits.argmax(1) == targets.label)
    without = answer(network, targets.before, spec).logits
    own = np.arange(len(logits)), targets.label
    return np.asarray(logits[own] - without[own] >= np.log(2))


def peaks(maps: Images, rows: int, cols: int) -> NDArray[np.int64]:
    """The pixel (row, col) in the middle of each map's largest cell, (n, 2)."""
    cell = np.stack(np.unravel_index(maps.reshape(len(maps), -1).argmax(1), maps.shape[1:]), 1)
    return np.asarray((cell + 0.5) * (rows / maps.shape[1], cols / maps.shape[2]), np.int64)


def hit(near: NDArray[np.bool_], at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each place (row, col) is near its lesion, (n,)."""
    return np.asarray(near[np.arange(len(near)), at[:, 0], at[:, 1]])


def _hits(hits: NDArray[np.bool_], counted: NDArray[np.bool_]) -> Proportion | None:
    return Proportion(int(hits[counted].sum()), int(counted.sum())) if counted.any() else None
