"""``radlens synth``: synthetic images.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.say import spoken, this_site

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def synth() -> None:
    """Synthetic images: measure them, and say which may be trained on."""


@synth.command()
@click.argument("dataset")
@click.option("--against", metavar="REAL", required=True, help="The real dataset learned from.")
@click.option("--out", type=FOLDER, help="Folder for the record, the card and the sheet.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides every drawing.")
@spoken
def assess(dataset: str, against: str, out: Path | None, *, seed: int) -> None:
    """Measure the synthetic images of a DATASET (name or id), and look for copies.

    They are held against the real dataset that their generator learned from: its training images,
    and as a yardstick its held-out ones. A version without copies is put on record beside it.
    """
    from radlens.cli.assessment import assess_dataset

    with this_site() as site:
        assess_dataset(site, dataset, against=against, out=out, seed=seed)


@synth.command()
@click.argument("dataset")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@spoken
def release(dataset: str, *, as_json: bool) -> None:
    """Say of each class whether its synthetic images may be trained on, and why."""
    from radlens.cli.assessment import say_releases

    with this_site() as site:
        say_releases(site, dataset, as_json=as_json)
