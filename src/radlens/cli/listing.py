"""``radlens history``: what is on record."""

import json
from pathlib import Path

import click

from radlens.domain.audit import Actor
from radlens.domain.finding import tier_right
from radlens.domain.prediction import Prediction
from radlens.ports import Site
from radlens.usecases.history import history
from radlens.wire import record_json


def show_history(site: Site, file: Path | None, *, limit: int, by: Actor, as_json: bool) -> None:
    """Print the newest predictions, of one image or of all."""
    predictions = history(site, limit=limit, by=by, file=file)
    if as_json:
        click.echo(json.dumps([record_json(prediction) for prediction in predictions], indent=1))
    elif not predictions:
        click.echo("Nothing is on record yet. `radlens predict FILE --task TASK` makes a start.")
    else:
        for prediction in predictions:
            click.echo(_line(prediction))


def _line(prediction: Prediction) -> str:
    said = [f for f in prediction.findings if f.tier]
    words = "; ".join(f"{f.label} {f.probability:.0%} {f.tier} ({tier_right(f)})" for f in said)
    time = prediction.time.isoformat(sep=" ", timespec="seconds")
    return (
        f"{time}  {prediction.id[:12]}  image {prediction.image.digest[:12]}  "
        f"{prediction.model.task}  {'input doubtful; ' if prediction.doubtful else ''}"
        f"{words or 'nothing above its operating point'}"
    )
