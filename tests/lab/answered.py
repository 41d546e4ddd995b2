"""Answers of models that do not exist, for tests of what is reckoned from answers."""

import numpy as np

from radlens.domain.task import Mode
from radlens.lab.answers import Answers

LABELS = ("a", "b", "c")


def multi_class_answers(n: int, seed: int = 0, *, skill: float = 1.5) -> Answers:
    """Three classes; a larger ``skill`` is more often right."""
    rng = np.random.default_rng(seed)
    truth = np.eye(3)[rng.integers(0, 3, n)]
    logits = rng.normal(size=(n, 3)) + skill * truth
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    claimed = p == p.max(1, keepdims=True)
    return Answers(p, truth, claimed, np.arange(n), LABELS, Mode.MULTI_CLASS)


def multi_label_answers(
    n: int, seed: int = 0, *, skill: float = 1.5, unknown: float = 0.1
) -> Answers:
    """Three labels, some unknown, thresholds of one third."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, 3)) < 0.3).astype(float)
    p = 1 / (1 + np.exp(1 - rng.normal(size=(n, 3)) - skill * truth))
    truth[rng.random((n, 3)) < unknown] = np.nan
    return Answers(p, truth, p >= 1 / 3, np.arange(n), LABELS, Mode.MULTI_LABEL)
