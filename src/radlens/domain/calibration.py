"""From logits to probabilities that mean what they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radlens.domain.errors import NotAssessable
from radlens.domain.task import Mode

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """An affine map of each label's logit, fitted on validation cases only.

    Multi-label: Platt scaling, one slope and intercept a label (Platt 1999). Multi-class:
    temperature scaling, every slope 1/T and every intercept 0 (Guo et al. 2017, ICML).
    ``fitted`` is false where there were too few cases to fit: the label is "not calibrated".
    """

    slope: tuple[float, ...]
    intercept: tuple[float, ...]
    fitted: tuple[bool, ...]

    @staticmethod
    def identity(labels: int) -> "Calibration":
        return Calibration((1.0,) * labels, (0.0,) * labels, (False,) * labels)


def probabilities(logits: NDArray[np.floating], mode: Mode, calibration: Calibration) -> Array:
    """Calibrated probabilities, shape (..., labels), from logits of the same shape.

    Raises NotAssessable where a logit is NaN or infinite: that is never "no finding".
    """
    if not np.isfinite(logits).all():
        raise NotAssessable("The network's answer holds values that are not numbers.")
    scaled = logits.astype(np.float64) * np.asarray(calibration.slope) + np.asarray(
        calibration.intercept
    )
    if mode is Mode.MULTI_LABEL:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scaled)))
    shifted = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
