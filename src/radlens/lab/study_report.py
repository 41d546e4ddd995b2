"""What a study found, in Markdown and as a figure, from its entry and nothing else."""

import json
from dataclasses import asdict
from typing import Any

import altair as alt

from radlens.domain.study import Study
from radlens.lab.markdown import said, table
from radlens.lab.study_recipe import StudyRecipe


def report(study: Study, plan: StudyRecipe) -> str:
    """The report: question, design, levels, steps with verdicts, claims beside them, limits."""
    parts = [
        f"# {study.name}",
        plan.question,
        _design(study, plan),
        "## What each rung reached",
        "Accuracy on the test split, mean over the seeds, with its 95 % interval. Minutes are the "
        "mean of one training, by the clock (other work ran beside it) and of processor time.",
        _levels(study),
        "## What each step did",
        "Accuracy after minus accuracy before, on the same training images, seeds and test "
        "cases. A step helped or harmed where the whole interval is on one side of zero; otherwise "
        "no difference was shown, which does not prove that there is none. These are single "
        "comparisons, not corrected for their number.",
        _steps(study),
        *_classes(study),
        *_claims(study),
        _limits(plan),
        _repeat(study),
    ]
    return "\n\n".join(parts) + "\n"


def _design(study: Study, plan: StudyRecipe) -> str:
    rungs = "\n".join(f"{i}. **{rung.name}**: {rung.what}" for i, rung in enumerate(plan.rung, 1))
    sizes = ", ".join(map(str, plan.per_class))
    return (
        f"## Design\n\n{rungs}\n\nEach with {sizes} training images per class, where its recipe "
        f"names no fewer, and {len(plan.seeds)} seeds. A seed draws its own images, each of "
        "another patient or near-duplicate group, and the weights' start; all rungs of a seed see "
        "the same images. No real image beyond these is used: epochs are fixed, and the last "
        "one's weights are judged. "
        f"The test split has {study.test['images']} images of {study.test['units']} units. "
        f"Intervals come from {plan.resamples} draws of whole test units and of seeds, the same "
        "for every arm."
    )


def _levels(study: Study) -> str:
    rows = [
        (
            level.rung,
            level.per_class,
            said(asdict(level.accuracy)),
            ", ".join(f"{value:.3f}" for value in level.by_seed),
            f"{level.minutes:.2f}",
            f"{level.processor_minutes:.2f}",
        )
        for level in study.levels
    ]
    head = ("rung", "images per class", "accuracy", "by seed", "minutes", "processor minutes")
    return table(head, rows)


def _steps(study: Study) -> str:
    rows = [
        (step.before, step.after, step.per_class, said(asdict(step.difference)), step.verdict)
        for step in study.steps
    ]
    return table(("from", "to", "images per class", "difference", "verdict"), rows)


def _classes(study: Study) -> list[str]:
    rows = [
        (step.after, step.per_class, label, said(asdict(effect.difference)), effect.verdict)
        for step in study.steps
        for label, effect in step.classes.items()
    ]
    if not rows:
        return []
    note = (
        "Sensitivity for each class after minus before, on its test cases alone: the whole may "
        "gain while one class loses."
    )
    head = ("to", "images per class", "class", "difference", "verdict")
    return ["## What each step did to each class", note, table(head, rows)]


def _claims(study: Study) -> list[str]:
    if not study.claims:
        return []
    rows = []
    for claim in study.claims:
        found = [level for level in study.levels if level.rung == claim["rung"]]
        here = "; ".join(f"{level.per_class}: {said(asdict(level.accuracy))}" for level in found)
        rows.append(
            (claim["rung"], f"{claim['accuracy']:.2f}", claim["origin"], here or "not measured yet")
        )
    head = ("rung", "claimed accuracy (not ours)", "where it was claimed", "measured here")
    note = (
        "Claims of others, on data that is not at hand and that this study does not repeat: they "
        "stand here to be compared in kind, not digit by digit."
    )
    return ["## The claims beside it", note, table(head, rows)]


def _limits(plan: StudyRecipe) -> str:
    lines = (
        f"{len(plan.seeds)} seeds are few: intervals that draw them again tend to be too narrow.",
        "Rungs share their optimiser and number of epochs; none was tuned for itself, and what "
        "makes training harder may gain from more epochs than it had.",
        "One collection, one test split: another place may answer otherwise.",
    )
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _repeat(study: Study) -> str:
    codes = ", ".join(f"`{code[:16]}`" for code in sorted({arm.code for arm in study.arms}))
    return (
        f"## To repeat it\n\nStudy `{study.id}`, dataset SHA-256 `{study.dataset}`, code {codes}, "
        f"Python {study.environment['python']}, torch {study.environment['torch']}.\n\n"
        f"```toml\n{study.recipe.strip()}\n```"
    )


def figure(study: Study) -> str:
    """Vega-Lite: accuracy against images per class, a line a rung, with intervals and claims."""
    rows: list[dict[str, Any]] = [
        {"rung": level.rung, "images per class": level.per_class, **asdict(level.accuracy)}
        for level in study.levels
    ]
    order = list(dict.fromkeys(row["rung"] for row in rows))
    shown = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("images per class:Q", scale=alt.Scale(zero=False)),
        color=alt.Color("rung:N", sort=order),
    )
    score = alt.Y("value:Q", title="accuracy on the test split", scale=alt.Scale(domain=[0, 1]))
    layers = [
        shown.mark_line(point=True).encode(y=score),
        shown.mark_errorbar(ticks=True).encode(
            y=alt.Y("low:Q", title="accuracy on the test split"), y2="high:Q"
        ),
    ]
    if study.claims:
        claimed = [
            {"accuracy": claim["accuracy"], "rung": f"claimed: {claim['rung']}"}
            for claim in study.claims
        ]
        rules = alt.Chart(alt.InlineData(values=claimed)).encode(y="accuracy:Q")
        layers.append(rules.mark_rule(strokeDash=[4, 4], color="#64748b"))
        layers.append(
            rules.mark_text(align="left", dy=-6, x=4, color="#64748b").encode(text="rung:N")
        )
    return json.dumps(alt.layer(*layers).properties(title=study.name).to_dict(), indent=1)
