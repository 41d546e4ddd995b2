"""The command line: thin spellings of the use-cases.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from radlens.cli.say import exit_code, me, spoken, this_site

app = typer.Typer(
    help="Read medical images: findings, calibrated confidence, evidence, report, record.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
models = typer.Typer(help="The models of this site.", no_args_is_help=True)
app.add_typer(models, name="models")

TaskOption = Annotated[str, typer.Option("--task", "-t", help="The task card to read for.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataOption = Annotated[Path, typer.Option(help="Folder with manifest.csv and its images.")]
OutOption = Annotated[Path, typer.Option(help="Folder for the bundle.")]


@app.command()
@spoken
def predict(
    files: Annotated[list[Path], typer.Argument(help="PNG, JPEG or DICOM files.")],
    task: TaskOption,
    as_json: JsonOption = False,
    heatmaps: Annotated[
        Path | None, typer.Option(help="Folder for each label's heat map over the image.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="PDF file for the report.")] = None,
    no_record: Annotated[bool, typer.Option("--no-record", help="Leave no record.")] = False,
) -> None:
    """Read one image or hundreds; each answer is shown after it is on record."""
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
        raise typer.Exit(max(map(exit_code, errors)))


@app.command()
@spoken
def batch(
    sources: Annotated[list[Path], typer.Argument(help="Files, or folders read in depth.")],
    task: TaskOption,
    out: Annotated[Path, typer.Option(help="JSON Lines file; an existing one is gone on with.")],
) -> None:
    """Read whole folders into a file of JSON lines, and resume where an earlier run stopped."""
    from radlens.cli.reading import batch_files

    with this_site() as site:
        batch_files(site, sources, task=task, by=me(), out=out)


@app.command()
@spoken
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; default loopback.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 8501.")] = None,
) -> None:
    """Start the pages and the REST API on one port."""
    from radlens.bootstrap import settings
    from radlens.server import serve as serve_site

    serve_site(settings(host=host, port=port))


@app.command()
@spoken
def history(
    file: Annotated[
        Path | None, typer.Argument(help="Only the predictions of this image, by its content.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show what is on record, the newest first."""
    from radlens.cli.listing import show_history

    with this_site() as site:
        show_history(site, file, limit=limit, as_json=as_json)


@app.command()
@spoken
def doctor() -> None:
    """Say what is installed, what is missing and what to do about it."""
    from radlens.cli.doctor import examine

    if not examine():
        raise typer.Exit(1)


@app.command()
@spoken
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe (TOML).")],
    data: DataOption,
    out: OutOption,
) -> None:
    """Train a model from a manifest by a recipe, measure it, and write its bundle."""
    from radlens.cli.lab import train_recipe

    train_recipe(recipe, data=data, out=out)


@models.command("list")
@spoken
def models_list(as_json: JsonOption = False) -> None:
    """List the live model of each task, or why there is none."""
    from radlens.cli.listing import show_models

    with this_site() as site:
        show_models(site, as_json=as_json)


@models.command("convert")
@spoken
def models_convert(
    weights: Annotated[Path, typer.Argument(help="State dict (.pth, torchvision or timm names).")],
    arch: Annotated[str, typer.Option(help="resnet18, densenet121 or efficientnet-lite0.")],
    task: TaskOption,
    out: OutOption,
) -> None:
    """Turn an old .pth file into a bundle, without ever running what the pickle says."""
    from radlens.cli.lab import convert_weights

    convert_weights(weights, arch=arch, task=task, out=out)
