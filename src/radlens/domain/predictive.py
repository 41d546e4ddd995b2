"""What an answer is worth where a disease is as frequent as somebody says: Bayes' rule.

Sensitivity and specificity belong to the model, predictive values to the place as well (Altman and
Bland 1994, BMJ 309:102). A model is measured on a collection whose prevalence is seldom that of a
clinic. So predictive values are recorded as they are where every second case has the disease, and
taken from there to any prevalence. That map only ever rises, so the bounds of an interval go with
the value, with all that they know of how sensitivity and specificity vary together.
"""

from dataclasses import dataclass

from radlens.domain.evaluation import Measure

# Where predictive values are recorded: every second case has the disease.
EVEN = 0.5


@dataclass(frozen=True)
class Outcome:
    """What becomes of ``people`` of whom some have a disease; they add up to all of them."""

    found: float
    missed: float
    false_alarms: float
    spared: float


def predictive_values(
    sensitivity: float, specificity: float, prevalence: float
) -> tuple[float | None, float | None]:
    """How often "there" and "not there" are right; None for an answer that is never given.

    All are shares, 0 to 1; raises ValueError where one is none.
    """
    of = outcome(sensitivity, specificity, prevalence)
    there, not_there = of.found + of.false_alarms, of.spared + of.missed
    return (
        of.found / there if there > 0 else None,
        of.spared / not_there if not_there > 0 else None,
    )


def outcome(
    sensitivity: float, specificity: float, prevalence: float, people: float = 1.0
) -> Outcome:
    """Bayes' rule in natural frequencies (Gigerenzer and Hoffrage 1995, Psychol Rev 102:684)."""
    for share in (sensitivity, specificity, prevalence):
        if not 0 <= share <= 1:
            raise ValueError(f"{share} is no share of a whole")
    ill, well = people * prevalence, people * (1 - prevalence)
    return Outcome(
        found=ill * sensitivity,
        missed=ill * (1 - sensitivity),
        false_alarms=well * (1 - specificity),
        spared=well * specificity,
    )


def at_prevalence(even: float, share: float) -> float:
    """A predictive value at EVEN, taken to where a ``share`` of the cases is as it says.

    ``share`` is the prevalence for a positive predictive value, and one less the prevalence for a
    negative one. Raises ValueError where one of both is no share.
    """
    if not (0 <= even <= 1 and 0 <= share <= 1):
        raise ValueError(f"{even} and {share} have to be shares of a whole")
    right, wrong = even * share, (1 - even) * (1 - share)
    # Nothing left to be right or wrong about: the answer is never given there.
    return right / (right + wrong) if right + wrong else even


def measure_at(even: Measure, share: float) -> Measure:
    """``at_prevalence`` of a figure and of the bounds of its interval."""
    value, low, high = (at_prevalence(v, share) for v in (even.value, even.low, even.high))
    return Measure(value, low, high, even.n)
