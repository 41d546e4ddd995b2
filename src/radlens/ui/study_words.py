"""What was tried, in words: each step of a study with its result, its verdict and its lesson."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from radlens.domain.evaluation import Measure
from radlens.domain.ledger import State
from radlens.domain.run import Run
from radlens.domain.study import Step, Study, Verdict
from radlens.ui.markup import many
from radlens.ui.run_words import title

RUNNING, FAILED = "running", "failed"
# Every verdict there is, in the order in which they can be chosen.
VERDICTS = (*map(str, Verdict), FAILED, RUNNING)


class Tried(NamedTuple):
    """One line of the ledger of experiments; ``verdict`` is one of VERDICTS."""

    what: str
    question: str
    change: str
    result: str
    verdict: str
    lesson: str


def question(study: Study) -> str:
    """What a study asks."""
    return str(tomllib.loads(study.recipe)["question"])


def of_study(study: Study) -> Iterator[Tried]:
    """A line for each step of a study; one alone where it has not come to its end."""
    recipe = tomllib.loads(study.recipe)
    asks, name = question(study), f"{study.name}, {study.time:%Y-%m-%d}"
    if study.state is not State.DONE:
        yield _unfinished(study, name, asks)
        return
    whats = {rung["name"]: str(rung["what"]) for rung in recipe["rung"]}
    for step in study.steps:
        yield Tried(
            name,
            asks,
            f"{step.after}, against {step.before}, with {many(step.per_class, 'image')} a class: "
            f"{whats.get(step.after, 'not told')}",
            f"{apart(step.difference)} accuracy",
            str(step.verdict),
            lesson(step),
        )


def of_run(run: Run) -> Tried:
    """A training that failed, which is an experiment too."""
    network = f"{run.architecture} for {run.task}"
    done = many(len(run.curve), "epoch")
    return Tried(title(run), "", network, f"no model, after {done}", FAILED, run.error)


def lesson(step: Step) -> str:
    """What the interval of a step teaches, and what it leaves open."""
    low, high = step.difference.low, step.difference.high
    if step.verdict is Verdict.HELPED:
        return f"Worth keeping here: it added at least {low:.3f}."
    if step.verdict is Verdict.HARMED:
        return f"Leave it out here: it cost at least {-high:.3f}."
    gain = f"a gain of more than {high:.3f}" if high > 0 else "any gain"
    loss = f"a loss of more than {-low:.3f}" if low < 0 else "any loss"
    return (
        f"No difference was shown. What was measured speaks against {gain} and against {loss}; "
        "what is smaller it cannot tell."
    )


def apart(difference: Measure) -> str:
    """A difference with its interval, each with its sign."""
    return f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def far(study: Study) -> str:
    """How many of a study's trainings are done."""
    return f"{len(study.arms):,} of {many(study.arms_planned, 'training')} done"


def by_class(study: Study, titles: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """What each step did to the sensitivity of each class: step, class, difference, verdict."""
    return [
        (
            f"{step.after}, {many(step.per_class, 'image')} a class",
            titles.get(label, label),
            apart(effect.difference),
            str(effect.verdict),
        )
        for step in study.steps
        for label, effect in step.classes.items()
    ]


def claims(study: Study) -> list[tuple[str, str, str, str]]:
    """The figures of others beside what this study reached: rung, claim, whose, and ours."""
    return [
        (
            claim["rung"],
            f"{claim['accuracy']:.2f}",
            claim["origin"],
            _reached(study, claim) or "not measured in this study",
        )
        for claim in study.claims
    ]


def _reached(study: Study, claim: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{level.accuracy.value:.3f} ({level.accuracy.low:.3f} to {level.accuracy.high:.3f}) with "
        f"{many(level.per_class, 'image')} a class"
        for level in study.levels
        if level.rung == claim["rung"]
    )


def _unfinished(study: Study, name: str, asks: str) -> Tried:
    failed = study.state is State.FAILED
    kept = "What was trained stays on record; started again, it goes on from there."
    return Tried(
        name,
        asks,
        "all of it",
        far(study),
        FAILED if failed else RUNNING,
        f"{study.error} {kept}" if failed else "None yet.",
    )
