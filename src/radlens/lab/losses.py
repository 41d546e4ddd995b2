"""What training makes small: errors on what is known, and nothing on what is not."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from numpy.typing import NDArray
from torch import Tensor

from radlens.domain.task import Mode


def class_balance(truth: NDArray[np.float32], mode: Mode, power: float) -> Tensor:
    """Weights (labels,) from the training truth (n, labels), NaN where unknown.

    Multi-label: of the positives, (negatives / positives)^power. Multi-class: of each class,
    (n / classes / n of class)^power. A power of 0 weighs everything alike.
    """
    positive = (truth == 1).sum(0).astype(np.float64)
    negative = (truth == 0).sum(0)
    ratio = (
        negative if mode is Mode.MULTI_LABEL else np.full(len(positive), len(truth) / len(positive))
    )
    return torch.tensor((ratio / np.maximum(positive, 1)) ** power, dtype=torch.float32)


def loss(
    logits: Tensor, truth: Tensor, *, mode: Mode, balance: Tensor, label_smoothing: float
) -> Tensor:
    """The mean error of logits (n, labels) on truth (n, labels), NaN where unknown.

    Multi-label: binary cross-entropy over the known entries; an unknown label has no gradient.
    Multi-class: cross-entropy; smoothing as in Szegedy et al. 2016, CVPR, section 7.
    """
    if mode is Mode.MULTI_CLASS:
        return F.cross_entropy(logits, truth.argmax(1), balance, label_smoothing=label_smoothing)
    known = ~truth.isnan()
    target = truth.nan_to_num(0.0) * (1 - label_smoothing) + label_smoothing / 2
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none", pos_weight=balance)
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)
