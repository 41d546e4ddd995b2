"""What ``radlens evaluate`` does and says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from radlens.cli.say import lab_extra
from radlens.domain.evaluation import Evaluation
from radlens.ports import Site
from radlens.reports.evaluation import NAMES
from radlens.reports.part import shown


def evaluate_model(
    site: Site, model: str, dataset: str, asked: Mapping[str, Any], out: Path | None
) -> None:
    """Evaluate, put on record, write where asked, and say the figures of the whole."""
    with lab_extra("evaluate"):
        from radlens.lab.evaluation_item import write
        from radlens.lab.evaluation_run import Plan, run_evaluation
    outcomes = run_evaluation(site, model, dataset, Plan(**asked))
    for name, value in _whole(outcomes[0].item.body).items():
        click.echo(f"{NAMES[name]:28} {value}")
    for outcome in outcomes:
        click.echo(f"On record as the {outcome.item.kind} {outcome.item.id}.")
        if out:
            write(outcome, out if outcome is outcomes[0] else out / "comparison")
    if out:
        click.echo(f"Record, card and figures: {out}")


def _whole(body: Mapping[str, Any]) -> dict[str, str]:
    found = Evaluation.from_json({**body, "curves": {}})
    return {name: shown(measure) for name, measure in found.scores.whole.items()}
