"""``radlens study``: experiments.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.say import spoken, this_site

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("recipe", type=FILE)
@click.option("--data", required=True, help="A dataset by name or id, or a folder to import.")
@click.option("--out", type=FILE, help="Folder for the report and its figure.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@spoken
def study(recipe: Path, data: str, out: Path | None, *, as_json: bool) -> None:
    """Run an experiment by a RECIPE (TOML): steps, sizes and seeds, paired.

    One that was stopped goes on where it was; a finished training is not repeated.
    """
    from radlens.cli.run_records import run_study

    with this_site() as site:
        run_study(site, recipe, data=data, out=out, as_json=as_json)
