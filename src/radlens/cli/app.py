"""The command line: thin spellings of the use-cases.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.accounts import keys, users
from radlens.cli.audit import audit
from radlens.cli.backup import backup, restore
from radlens.cli.data import data
from radlens.cli.disease import disease
from radlens.cli.evaluate import evaluate
from radlens.cli.jobs import jobs, work
from radlens.cli.migrate import migrate
from radlens.cli.models import models
from radlens.cli.registered import compare, export, show, verify
from radlens.cli.registered import history as versions_history
from radlens.cli.runs import runs
from radlens.cli.say import exit_code, me, spoken, this_site
from radlens.cli.study import study
from radlens.cli.synth import synth
from radlens.cli.trials import agreement, canary, gate, preview, shadow, withdraw
from radlens.cli.upgrade import upgrade

FILE = click.Path(path_type=Path)

task_option = click.option("-t", "--task", required=True, help="The task card to read for.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="radlens")
def app() -> None:
    """Read medical images: findings, calibrated confidence, evidence, report, record."""


@app.command()
@click.argument("files", type=FILE, nargs=-1, required=True)
@task_option
@json_option
@click.option("--heatmaps", type=FILE, help="Folder for each label's heat map over the image.")
@click.option("--report", type=FILE, help="PDF file for the report of the one file.")
@click.option("--no-record", is_flag=True, help="Leave no record.")
@spoken
def predict(
    files: tuple[Path, ...],
    task: str,
    *,
    as_json: bool,
    heatmaps: Path | None,
    report: Path | None,
    no_record: bool,
) -> None:
    """Read FILES (PNG, JPEG or DICOM), one or hundreds.

    Each answer is shown after it is on record.
    """
    from radlens.cli.reading import predict_files

    with this_site(record=not no_record) as site:
        errors = predict_files(
            site,
            files,
            task=task,
            by=me(),
            as_json=as_json,
            recorded=not no_record,
            heatmaps=heatmaps,
            report=report,
        )
    if errors:
        raise click.exceptions.Exit(max(map(exit_code, errors)))


@app.command()
@click.argument("sources", type=FILE, nargs=-1, required=True)
@task_option
@click.option(
    "--out", type=FILE, required=True, help="JSON Lines; an existing file is gone on with."
)
@spoken
def batch(sources: tuple[Path, ...], task: str, out: Path) -> None:
    """Read SOURCES (files, or folders in depth) into a file of JSON lines.

    A run that was stopped goes on where it was; a bad file is a line with its error.
    """
    from radlens.cli.reading import batch_files

    with this_site() as site:
        batch_files(site, sources, task=task, by=me(), out=out)


@app.command()
@click.option("--host", help="Address to listen on; loopback unless told otherwise.")
@click.option("--port", type=int, help="Port to listen on; 8501 unless told otherwise.")
@click.option("--demo", is_flag=True, help="Sign everybody at this machine in, to try it out.")
@spoken
def serve(host: str | None, port: int | None, *, demo: bool) -> None:
    """Start the pages and the REST API on one port."""
    from radlens.bootstrap import settings
    from radlens.cli.streamlit_secrets import say_instead
    from radlens.server import serve as serve_site

    known = settings(host=host, port=port)
    say_instead(known)
    serve_site(known, demo=demo)


@app.command()
@click.argument("file", type=FILE, required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many at most.")
@json_option
@spoken
def history(file: Path | None, limit: int, *, as_json: bool) -> None:
    """Show what is on record, the newest first; of one image where a FILE is named."""
    from radlens.cli.listing import show_history

    with this_site() as site:
        show_history(site, file, limit=limit, by=me(), as_json=as_json)


@app.command()
@click.argument("what")
@click.option("--reason", required=True, help="Why; it stays on record, so name no patient.")
@spoken
def erase(what: str, reason: str) -> None:
    """Destroy an image and its evidence: WHAT is the image's digest, or one prediction's id.

    What was found stays on record, and the audit log goes on to verify.
    """
    from radlens.usecases.erase import erase as destroy

    with this_site() as site:
        done = destroy(site, what, reason=reason, by=me())
    click.echo(
        f"{len(done.predictions)} predictions are marked as erased; "
        f"{len(done.objects)} objects are gone. Backups of before still hold them."
    )


@app.command()
@spoken
def doctor() -> None:
    """Say what is installed, what is missing and what to do about it."""
    from radlens.cli.doctor import examine

    if not examine():
        raise click.exceptions.Exit(1)


@app.command()
@click.argument("recipe", type=FILE)
@click.option("--data", required=True, help="A dataset by name or id, or a folder to import.")
@click.option("--out", type=FILE, help="Folder for the run and its bundle.")
@click.option("--queue", is_flag=True, help="Let this site's worker do it, instead of --out.")
@spoken
def train(recipe: Path, data: str, out: Path | None, *, queue: bool) -> None:
    """Train a model by a RECIPE (TOML), measure it, and write its bundle.

    Queued, the bundle becomes a candidate in the registry.
    """
    from radlens.cli.lab import queue_training, train_recipe

    if queue == (out is not None):
        raise click.UsageError("Name a folder with --out, or say --queue: one of them.")
    with this_site() as site:
        if out is None:
            queue_training(site, recipe, data=data, by=me())
        else:
            train_recipe(site, recipe, data=data, out=out)


trials = (agreement, canary, gate, preview, shadow, withdraw)
for command in (*trials, show, compare, verify, export, versions_history):
    models.add_command(command)
for group in (audit, data, disease, jobs, models, runs, synth, users, keys):
    app.add_command(group)
for command in (backup, restore, evaluate, migrate, study, upgrade, work):
    app.add_command(command)
