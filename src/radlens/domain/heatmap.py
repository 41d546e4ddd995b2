"""Where in the image the evidence for one label lies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import NotAssessable


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Evidence of one label on the network's grid.

    ``values`` has shape (rows, cols) in [0, 1], the largest being 1; ``peak`` is what that 1
    stands for, in units of the label's logit, so that maps can be compared with each other.
    """

    values: NDArray[np.float32]
    peak: float


def heatmap(evidence: NDArray[np.floating]) -> HeatMap | None:
    """The positive part of one label's evidence map, or None where nothing speaks for it.

    For a network that ends in global average pooling and one linear layer, this is Grad-CAM
    (Selvaraju et al. 2017, ICCV, section 3.1; class activation mapping, Zhou et al. 2016, CVPR).
    """
    if not np.isfinite(evidence).all():
        raise NotAssessable("The evidence map holds values that are not numbers.")
    positive: NDArray[np.float32] = np.maximum(evidence.astype(np.float32), np.float32(0))
    peak = float(positive.max())
    return HeatMap(positive / np.float32(peak), peak) if peak > 0 else None
