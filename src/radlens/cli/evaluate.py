"""``radlens evaluate``: the door to evaluation.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.say import spoken, this_site

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("model")
@click.option("--dataset", required=True, help="A dataset's name, its id, or a folder.")
@click.option("--split", default="test", show_default=True, help="The split to measure on.")
@click.option("--against", metavar="MODEL2", help="Another model to compare with, case by case.")
@click.option("--out", type=FOLDER, help="Folder for the record, the cards and the figures.")
@click.option("--no-robustness", is_flag=True, help="Leave the perturbed images out.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides every drawing.")
@spoken
def evaluate(
    model: str,
    dataset: str,
    *,
    split: str,
    against: str | None,
    out: Path | None,
    no_robustness: bool,
    seed: int,
) -> None:
    """Measure a MODEL on a dataset: a task's live one, a registered version, a bundle's folder.

    Every figure comes with its 95 % interval over patients; record, card and figures are kept.
    """
    from radlens.cli.evaluation import evaluate_model

    asked = {"split": split, "against": against, "robustness": not no_robustness, "seed": seed}
    with this_site() as site:
        evaluate_model(site, model, dataset, asked, out)
