"""Does what the map marks matter to the answer? Pixels are hidden or shown in the map's order.

Deletion and insertion (Petsiuk et al. 2018, BMVC, section 4.3). What is hidden is replaced by the
blurred image, since black holes are findings of their own. The baseline has the same map with its
cells dealt anew, so that only the places differ.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from radlens.domain.calibration import Calibration, probabilities
from radlens.domain.explanation import Curve
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.lab.explain_random import of_label
from radlens.lab.explain_targets import Found, Images, answer, mean_of

STEPS = 10
BLUR = 1 / 14  # of the side


def deletion_and_insertion(
    network: bytes, found: Found, spec: InputSpec, *, mode: Mode, rng: np.random.Generator
) -> tuple[Curve, Curve]:
    """The two curves with their baselines."""
    maps = of_label(answer(network, found.grey, spec).evidence, found.label)
    side = found.grey.shape[1:]
    sigma = (0, BLUR * side[0], BLUR * side[1])
    blurred = np.asarray(gaussian_filter(found.grey, sigma), np.float32)
    orders = [ranks(maps, (side[0], side[1])), ranks(dealt(maps, rng), (side[0], side[1]))]

    def followed(start: Images, end: Images, order: NDArray[np.float64]) -> NDArray[np.float64]:
        """The label's probability at every step from start to end, (n, STEPS + 1)."""
        steps = []
        for step in range(STEPS + 1):
            changed = order < step / STEPS
            logits = answer(network, np.where(changed, end, start), spec).logits
            p = probabilities(logits, mode, Calibration.identity(logits.shape[1]))
            steps.append(p[np.arange(len(p)), found.label])
        return np.stack(steps, 1)

    deletion = [followed(found.grey, blurred, order) for order in orders]
    insertion = [followed(blurred, found.grey, order) for order in orders]
    return _curve(*deletion, sign=-1), _curve(*insertion, sign=1)


def ranks(maps: Images, side: tuple[int, int]) -> NDArray[np.float64]:
    """The share of pixels that go before each one, (n, rows, cols): 0 is the map's peak."""
    scale = (1, side[0] / maps.shape[1], side[1] / maps.shape[2])
    large = zoom(maps, scale, order=1, grid_mode=True, mode="nearest").reshape(len(maps), -1)
    order = np.argsort(-large, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(order.shape[1])[None], axis=1)
    return np.asarray(place / order.shape[1]).reshape(len(maps), *side)


def dealt(maps: Images, rng: np.random.Generator) -> Images:
    """The same cells in a random order, image by image."""
    return np.asarray(rng.permuted(maps.reshape(len(maps), -1), axis=1).reshape(maps.shape))


def area(followed: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area under each curve (n, STEPS + 1), from 0 to 1, by trapezoids."""
    return np.asarray(np.trapezoid(followed, dx=1 / STEPS, axis=1))


def _curve(by_map: NDArray[np.float64], random: NDArray[np.float64], *, sign: int) -> Curve:
    return Curve(
        map=tuple(map(float, by_map.mean(0))),
        random=tuple(map(float, random.mean(0))),
        map_area=mean_of(area(by_map)),
        random_area=mean_of(area(random)),
        gain=mean_of(sign * (area(by_map) - area(random))),
    )
