"""``radlens history`` and ``radlens models list``: what is on record and what answers."""

import json
from pathlib import Path

import click

from radlens.domain.audit import Actor
from radlens.domain.finding import tier_right
from radlens.domain.prediction import Prediction
from radlens.ports import Site
from radlens.usecases.history import history
from radlens.usecases.models import live_models
from radlens.wire import record_json
from radlens.wire_tasks import live_json


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


def show_models(site: Site, *, as_json: bool) -> None:
    """Print the live model of each task, or why there is none."""
    rows = [live_json(task, live) for task, live in live_models(site).items()]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        if row["error"]:
            click.echo(f"{row['task']:12}  -  {row['error']['message']} {row['error']['hint']}")
        else:
            click.echo(f"{row['task']:12}  {row['version']}  {row['architecture']}")
            click.echo(f"{'':12}  sha256:{row['digest']}\n{'':12}  {row['statement']}")


def _line(prediction: Prediction) -> str:
    said = [f for f in prediction.findings if f.tier]
    words = "; ".join(f"{f.label} {f.probability:.0%} {f.tier} ({tier_right(f)})" for f in said)
    time = prediction.time.isoformat(sep=" ", timespec="seconds")
    return (
        f"{time}  {prediction.id[:12]}  image {prediction.image.digest[:12]}  "
        f"{prediction.model.task}  {'input doubtful; ' if prediction.doubtful else ''}"
        f"{words or 'nothing above its operating point'}"
    )
