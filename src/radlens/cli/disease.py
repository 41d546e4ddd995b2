"""``radlens disease``: diseases that a site adds to its tasks.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

import click

from radlens.cli.say import me, spoken, this_site

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def disease() -> None:
    """A disease from a few images: add one to a task, list and show those that were added."""


@disease.command()
@click.argument("name")
@click.option("--images", required=True, help="5 images or more of it: a folder, or a dataset.")
@click.option("-t", "--task", required=True, help="The task card that gets it.")
@click.option("--title", required=True, help="What people call it.")
@click.option("--meaning", required=True, help="What it is, in a plain sentence.")
@click.option(
    "--urgency",
    type=click.Choice(["critical", "moderate", "routine"]),
    required=True,
    help="How soon somebody should look at it.",
)
@click.option("--prompt", default="", help="What it looks like, in at most 500 characters.")
@click.option("-n", "n", type=int, default=300, show_default=True, help="Synthetic images to draw.")
@click.option(
    "--generator",
    default="compact",
    show_default=True,
    help="compact, stable-diffusion:FOLDER, or a generator's name.",
)
@click.option("--data", default="", help="The other classes' dataset; the live version's own.")
@click.option(
    "--others-without",
    is_flag=True,
    help="State that no image of the other dataset shows it; for tasks of several findings.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="For chance.")
@click.option("--queue", is_flag=True, help="Let this site's worker do it.")
@spoken
def add(name: str, images: str, *, queue: bool, **asked: str | int) -> None:
    """Teach this site the disease NAME from a few real images, up to a candidate.

    A generator learns it, draws more, and both are measured; a classifier that knows it too is
    trained, compared with the live version, and registered. Once an administrator activates that,
    the disease is among the answers. What was stopped goes on when it is asked for again.
    """
    if queue:
        from radlens.cli.disease_queue import queue_it

        with this_site() as site:
            queue_it(site, name, images, asked, by=me())
        return
    from radlens.cli.diseases import add_here

    with this_site() as site:
        add_here(site, name, images, asked, by=me())


@disease.command("list")
@json_option
@spoken
def list_(*, as_json: bool) -> None:
    """List the diseases that were added, the newest first."""
    from radlens.cli.disease_words import show_all

    with this_site() as site:
        show_all(site, as_json=as_json)


@disease.command()
@click.argument("name")
@json_option
@spoken
def show(name: str, *, as_json: bool) -> None:
    """Show how far a disease is (its NAME or id): each step, what it came to, and its record."""
    from radlens.cli.disease_words import show_one

    with this_site() as site:
        show_one(site, name, as_json=as_json)
