"""Two models on the same cases: how far apart they are, and whether chance explains it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from radlens.domain.comparison import Comparison, Difference
from radlens.domain.evaluation import Subject
from radlens.domain.task import Mode
from radlens.lab.answers import Answers
from radlens.lab.bootstrap import RESAMPLES, measure
from radlens.lab.evaluate import CENTRED, draw
from radlens.lab.significance import delong_p, mcnemar_p

DELONG, MCNEMAR = "DeLong", "McNemar, exact"
OF_LABEL = ("auroc", "average_precision", "sensitivity", "specificity", "accuracy", "brier")

Array = NDArray[np.floating]
Tests = Mapping[str, tuple[float | None, str]]


def compare(
    first: Answers, second: Answers, *, subjects: tuple[Subject, Subject], seed: int
) -> Comparison:
    """The paired comparison; both drawn alike, so that what they share cancels out.

    ``first`` and ``second`` are answers to the same cases in the same order. DeLong's test and
    McNemar's take images as independent; the intervals do not.
    """
    one, two = (draw(answers, seed=seed) for answers in (first, second))
    labels = {}
    for index, name in enumerate(first.labels):
        pairs = {key: (one.labels[key][:, index], two.labels[key][:, index]) for key in OF_LABEL}
        n = int(first.known[:, index].sum())
        labels[name] = _differences(pairs, n, _tests_of_label(first, second, index))
    whole = {key: (one.whole[key], two.whole[key]) for key in one.whole}
    return Comparison(
        first=subjects[0],
        second=subjects[1],
        whole=_differences(whole, len(first), _tests_of_whole(first, second)),
        labels=labels,
        images=len(first),
        units=first.units,
        resamples=RESAMPLES,
    )


def shared(answers: Answers, labels: int) -> Answers:
    """The answers as far as they are about the first ``labels`` labels of the card alone.

    One of two models may not know the labels that came later: their cases are left out where the
    classes exclude each other, else what is true of those labels.
    """
    if labels == len(answers.labels):
        return answers
    if answers.mode is Mode.MULTI_CLASS:
        return answers.take(np.flatnonzero(answers.truth.argmax(1) < labels))
    truth = answers.truth.copy()
    truth[:, labels:] = np.nan
    return replace(answers, truth=truth)


def _differences(
    pairs: Mapping[str, tuple[Array, Array]], n: int, tests: Tests
) -> dict[str, Difference | None]:
    return {
        name: _difference(name, (one, two), n, tests.get(name, (None, "")))
        for name, (one, two) in pairs.items()
    }


def _difference(
    name: str, pair: tuple[Array, Array], n: int, tested: tuple[float | None, str]
) -> Difference | None:
    first, second = (measure(drawn, n, centred=name in CENTRED) for drawn in pair)
    apart, (p, test) = measure(pair[0] - pair[1], n), tested
    if first is None or second is None or apart is None:
        return None
    return Difference(first, second, apart, p, None if p is None else test)


def _tests_of_label(first: Answers, second: Answers, index: int) -> Tests:
    known = first.known[:, index]
    truth = first.truth[known, index]
    scores = (answers.probabilities[known, index] for answers in (first, second))
    right = ((answers.claimed[known, index] == (truth == 1)) for answers in (first, second))
    return {
        "auroc": (delong_p(truth, *scores), DELONG),
        "accuracy": (mcnemar_p(*right), MCNEMAR),
    }


def _tests_of_whole(first: Answers, second: Answers) -> Tests:
    """Multi-label cases are not right or wrong as a whole: then there is no test."""
    if first.mode is Mode.MULTI_LABEL:
        return {}
    truth = first.truth.argmax(1)
    right = (answers.probabilities.argmax(1) == truth for answers in (first, second))
    return {"accuracy": (mcnemar_p(*right), MCNEMAR)}
