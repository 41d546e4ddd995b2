"""The same figures for parts of the cases: does the model serve everybody alike?"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from radlens.domain.evaluation import Measures, Subgroup
from radlens.domain.task import Mode
from radlens.lab.answers import Answers
from radlens.lab.bootstrap import measure
from radlens.lab.evaluate import draw
from radlens.lab.scores import mean_known

# Fewer patients (or groups) than this, or fewer cases of a class, would say nothing.
FEWEST_UNITS, FEWEST_OF_CLASS = 30, 5
RESAMPLES = 1000
NOT_STATED = "not stated"
BY = ("sex", "age", "view", "source")
AGES = (18, 40, 60, 80)

About = Sequence[Mapping[str, str]]


def subgroups(answers: Answers, about: About, *, seed: int) -> tuple[Subgroup, ...]:
    """One entry a part, for each of sex, age band, view and source that is known of any case.

    ``about`` holds what is known of each case. Areas are means over the labels that have enough
    cases of both classes in every part that is compared, so that parts differ in nothing else.
    """
    found: list[Subgroup] = []
    for by in BY:
        values = np.array([_value(entry, by) for entry in about])
        if (values != NOT_STATED).any():
            found += _compared(answers, by, values, seed)
    return tuple(found)


def _value(entry: Mapping[str, str], by: str) -> str:
    stated = entry.get(by, "")
    if by == "age":
        return age_band(stated)
    return stated or NOT_STATED


def age_band(age: str) -> str:
    """The band of an age in years, as a number or as DICOM writes it ("061Y")."""
    digits = age.upper().removesuffix("Y")
    try:
        years = float(digits)
    except ValueError:
        return NOT_STATED
    if not 0 <= years < 150:
        return NOT_STATED
    low = max((edge for edge in AGES if edge <= years), default=0)
    high = min((edge for edge in AGES if edge > years), default=None)
    return f"{low} and over" if high is None else f"{low} to {high - 1}"


def _compared(answers: Answers, by: str, values: NDArray[np.str_], seed: int) -> list[Subgroup]:
    parts = {
        str(value): answers.take(np.flatnonzero(values == value)) for value in np.unique(values)
    }
    enough = {value: part.units >= FEWEST_UNITS for value, part in parts.items()}
    large = [part for value, part in parts.items() if enough[value]]
    counted = np.array([_has_both(large, label) for label in range(len(answers.labels))])
    return [
        Subgroup(
            by=by,
            value=value,
            images=len(part),
            units=part.units,
            too_few=not enough[value],
            counted=tuple(np.array(answers.labels)[counted].tolist()) if enough[value] else (),
            measures=_measures(part, counted, seed) if enough[value] else {},
        )
        for value, part in parts.items()
    ]


def _has_both(parts: Sequence[Answers], label: int) -> bool:
    counts = [(part.truth[:, label] == answer).sum() for part in parts for answer in (0, 1)]
    return bool(parts) and min(counts) >= FEWEST_OF_CLASS


def _measures(part: Answers, counted: NDArray[np.bool_], seed: int) -> Measures:
    drawn = draw(part, seed=seed, count=RESAMPLES)
    areas = mean_known(drawn.labels["auroc"][:, counted])
    found = {"mean_auroc": measure(areas, len(part))}
    if part.mode is Mode.MULTI_CLASS:
        return found | {"accuracy": measure(drawn.whole["accuracy"], len(part))}
    balanced = mean_known(drawn.labels["balanced_accuracy"][:, counted])
    return found | {"balanced_accuracy": measure(balanced, len(part))}
