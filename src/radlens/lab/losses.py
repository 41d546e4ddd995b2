"""What training makes small: errors on what is known, and nothing on what is not."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from numpy.typing import NDArray
from torch import Tensor

from radlens.domain.task import Mode
from radlens.lab.recipe import Recipe


def class_balance(
    truth: NDArray[np.float32], mode: Mode, power: float, *, effective_beta: float = 0.0
) -> Tensor:
    """Weights (labels,) from the training truth (n, labels), NaN where unknown.

    Multi-label: of the positives, (negatives / positives)^power. Multi-class: of each class,
    (n / classes / n of class)^power. A power of 0 weighs everything alike. With a beta, the
    effective number of cases stands for each number (Cui et al. 2019, CVPR, equation 2).
    """
    positive = _effective((truth == 1).sum(0), effective_beta)
    other = (
        _effective((truth == 0).sum(0), effective_beta)
        if mode is Mode.MULTI_LABEL
        else np.full(len(positive), positive.mean())
    )
    return torch.tensor((other / np.maximum(positive, 1)) ** power, dtype=torch.float32)


def _effective(counts: NDArray[np.int64], beta: float) -> NDArray[np.float64]:
    """How many cases so many of one class are worth, given that they resemble each other."""
    return np.asarray((1 - beta**counts) / (1 - beta) if beta else counts, np.float64)


@dataclass(frozen=True, eq=False)
class Objective:
    """How one run weighs its errors; ``balance`` (labels,) is ``class_balance`` of its data."""

    mode: Mode
    balance: Tensor
    label_smoothing: float = 0.0
    focal_gamma: float = 0.0

    @staticmethod
    def of(recipe: Recipe, truth: NDArray[np.float32], mode: Mode) -> "Objective":
        """What the recipe says, for this training truth (n, labels)."""
        balance = class_balance(
            truth, mode, recipe.class_weighting, effective_beta=recipe.loss.effective_beta
        )
        return Objective(mode, balance, recipe.label_smoothing, recipe.loss.focal_gamma)

    def errors(self, logits: Tensor, truth: Tensor) -> Tensor:
        """The error of each image (..., n), from logits (..., n, labels) and truth (n, labels).

        Truth is NaN where unknown.

        Multi-label: binary cross-entropy over the known entries; an unknown label has no gradient.
        Multi-class: cross-entropy; smoothing as in Szegedy et al. 2016, CVPR, section 7. Focal:
        each term times (1 - probability of what is true)^gamma (Lin et al. 2017, ICCV).
        """
        if self.mode is Mode.MULTI_CLASS:
            target = truth + self.label_smoothing * (1 / truth.shape[1] - truth)
            log_p = logits.log_softmax(-1)
            each = -target * log_p * self._focus(log_p) * self.balance
            return each.sum(-1)
        known = ~truth.isnan()
        target = truth.nan_to_num(0.0) * (1 - self.label_smoothing) + self.label_smoothing / 2
        log_p, log_q = F.logsigmoid(logits), F.logsigmoid(-logits)
        each = -self.balance * target * log_p * self._focus(log_p)
        each = each - (1 - target) * log_q * self._focus(log_q)
        return torch.where(known, each, 0.0).sum(-1)

    def _focus(self, log_p: Tensor) -> Tensor | float:
        return (1 - log_p.exp()) ** self.focal_gamma if self.focal_gamma else 1.0

    def counted(self, truth: Tensor) -> Tensor:
        """What the errors of each image (n,) are divided by, once summed: known or weighed."""
        if self.mode is Mode.MULTI_CLASS:
            return truth @ self.balance
        return (~truth.isnan()).sum(1).float()

    def mean(
        self,
        logits: Tensor,
        truth: Tensor,
        weight: Tensor | None = None,
        *,
        part: slice = slice(None),
    ) -> Tensor:
        """The mean error of a batch with truth (n, labels); ``weight`` (n,) is what images count.

        Where only a ``part`` of the batch was computed here, ``logits`` are of that part, and the
        parts' means add up to the batch's.
        """
        weight = torch.ones(len(truth)) if weight is None else weight
        total = (weight * self.counted(truth)).sum().clamp(min=1e-12)
        errors = self.errors(logits, truth[part])
        # Members of an ensemble, if any, stand before the images: each errs on its own.
        return (weight[part] * errors).sum(-1).mean() / total
