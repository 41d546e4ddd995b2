"""What is said of a prediction in a line; never that nothing is wrong."""

from collections.abc import Iterable

from radlens.domain.finding import Finding, Tier, percent, tier_right
from radlens.domain.prediction import Prediction
from radlens.domain.task import Label, Task, Urgency
from radlens.usecases.recall import card_of as card_of

SOONEST = tuple(Urgency)  # critical, moderate, routine


def reported(prediction: Prediction, task: Task) -> list[tuple[Finding, Label]]:
    """The positive findings with their labels, the most urgent first, then the most probable."""
    found = [(f, task.label(f.label)) for f in prediction.findings if f.positive]
    return sorted(found, key=lambda pair: (SOONEST.index(pair[1].urgency), -pair[0].probability))


def by_probability(prediction: Prediction) -> list[Finding]:
    """Every finding, the most probable first."""
    return sorted(prediction.findings, key=lambda finding: -finding.probability)


def headline(prediction: Prediction, task: Task) -> str:
    """The positive findings in one line, or how many were looked for and not reported."""
    found = reported(prediction, task)
    said = ", ".join(f"{label.title} {percent(finding.probability)}" for finding, label in found)
    said = said or f"{len(prediction.findings)} looked for, none reported"
    return f"Input doubtful; {said}" if prediction.doubtful else said


def tiers(prediction: Prediction) -> str:
    """The tiers of what is claimed, each once, with the record of its most probable finding."""
    claimed = sorted(
        (finding for finding in prediction.findings if finding.tier),
        key=lambda finding: -finding.probability,
    )
    first = {finding.tier: tier_right(finding) for finding in reversed(claimed)}
    strongest = (f"{tier}, {first[tier]}" for tier in Tier if tier in first)
    return "; ".join(strongest) or "none claimed"


def listed(titles: Iterable[str]) -> str:
    """Titles as a list in a sentence."""
    *first, last = titles
    return f"{', '.join(first)} and {last}" if first else last
