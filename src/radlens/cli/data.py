"""``radlens data``: the door to datasets.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.say import spoken, this_site

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
SHARE = click.FloatRange(0, 0.5, min_open=True, max_open=True)

task_option = click.option("-t", "--task", required=True, help="The task card of its labels.")


@click.group()
def data() -> None:
    """Datasets: import, from reviews, scan, split, card, phantoms."""


@data.command("import")
@click.argument("folder", type=FOLDER)
@task_option
@click.option("--name", help="The dataset's name; the folder's unless told otherwise.")
@spoken
def import_(folder: Path, task: str, name: str | None) -> None:
    """Import a FOLDER with manifest.csv, or with one folder of images a class.

    PNG, JPEG, DICOM and NIfTI slices become de-identified images among this site's objects.
    """
    from radlens.cli.datasets import import_dataset

    with this_site() as site:
        import_dataset(site, folder, task=task, name=name)


@data.command("from-reviews")
@click.argument("name")
@task_option
@spoken
def from_reviews_(name: str, task: str) -> None:
    """Put on record a dataset NAME whose truth is what readers signed.

    Each image says which review and prediction it comes from; a label that the review does not
    decide is unknown. Split it before training.
    """
    from radlens.cli.datasets import gather_reviews

    with this_site() as site:
        gather_reviews(site, task, name=name)


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@spoken
def list_(*, as_json: bool) -> None:
    """List the datasets of this site, the newest first."""
    from radlens.cli.datasets import show_datasets

    with this_site() as site:
        show_datasets(site, as_json=as_json)


@data.command()
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@spoken
def scan(reference: str, *, as_json: bool) -> None:
    """Look for what makes a dataset (name or id) untrustworthy; nothing is changed."""
    from radlens.cli.datasets import scan_dataset

    with this_site() as site:
        scan_dataset(site, reference, as_json=as_json)


@data.command()
@click.argument("reference")
@click.option(
    "--validation", type=SHARE, default=0.15, show_default=True, help="Share for validation."
)
@click.option("--test", type=SHARE, default=0.15, show_default=True, help="Share for test.")
@click.option("--seed", type=int, default=1, show_default=True, help="For chance.")
@click.option(
    "--keep",
    type=click.Choice(["val", "test"]),
    multiple=True,
    help="A split that stays as given; what repeats it elsewhere is dropped.",
)
@click.option("--name", help="The new version's name; REFERENCE-split unless told otherwise.")
@spoken
def split(reference: str, name: str | None, keep: tuple[str, ...], **plan: float) -> None:
    """Split a dataset (name or id) anew: a new version by patient or near-duplicate group."""
    from radlens.cli.datasets import split_dataset

    with this_site() as site:
        split_dataset(site, reference, name=name, keep=keep, **plan)


@data.command()
@click.argument("reference")
@click.option("--out", type=FILE, help="Markdown file; printed unless told otherwise.")
@spoken
def card(reference: str, out: Path | None) -> None:
    """Describe a dataset (name or id) in Markdown, with what its last scan found."""
    from radlens.cli.datasets import write_card

    with this_site() as site:
        write_card(site, reference, out)


@data.command()
@task_option
@click.option(
    "-n",
    "number",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="How many images.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="For chance.")
@click.option("--base", type=FOLDER, help="Normal slices that rare diseases are drawn on.")
@click.option("--out", type=FOLDER, required=True, help="The folder to write, new or empty.")
@spoken
def phantom(task: str, out: Path, *, number: int, seed: int, base: Path | None) -> None:
    """Draw images with known lesions and masks, for tests and demonstrations.

    The same seed draws the same images. The tasks are chest-xray, brain-tumor and neuro-rare;
    the last needs --base with brain-tumor images, and brain-template/ch2.nii.gz beside it.
    """
    from radlens.cli.phantoms import draw_phantoms

    with this_site() as site:
        draw_phantoms(site.tasks, task, out, number=number, seed=seed, base=base)
