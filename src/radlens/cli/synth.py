"""``radlens synth``: synthetic images.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.say import me, spoken, this_site

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

queue_option = click.option("--queue", is_flag=True, help="Let this site's worker do it.")


@click.group()
def synth() -> None:
    """Synthetic images: draw them, measure them, and say which may be trained on."""


@synth.command()
@click.argument("recipe", type=FILE)
@click.option("--data", required=True, help="A dataset by name or id, or a folder to import.")
@click.option("--out", type=FOLDER, required=True, help="Folder of the run and its generator.")
@click.option("--name", help="The generator's name; the recipe's unless told otherwise.")
@click.option("--from", "start", default="", help="A generator whose weights it begins with.")
@spoken
def train(recipe: Path, data: str, out: Path, name: str | None, start: str) -> None:
    """Train a generator by a RECIPE (TOML) on the train split of a dataset.

    A run that was stopped goes on when it is started again with the same --out.
    """
    from radlens.cli.synthesis import train_generator

    with this_site() as site:
        train_generator(site, recipe, data=data, out=out, name=name or "", start=start)


@synth.command()
@click.option("--disease", required=True, help="Its name, such as optic_glioma.")
@click.option("--images", required=True, help="5 images or more of it: a folder, or a dataset.")
@click.option("-t", "--task", required=True, help="The task card whose generator learns it.")
@click.option("--prompt", default="", help="What it looks like, in at most 500 characters.")
@click.option(
    "--generator",
    default="compact",
    show_default=True,
    help="compact, stable-diffusion:FOLDER, or a generator's name.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="For chance.")
@click.option("--out", type=FOLDER, help="Folder of the run; in the site's unless told otherwise.")
@queue_option
@spoken
def adapt(disease: str, images: str, out: Path | None, *, queue: bool, **wish: str) -> None:
    """Teach a generator a new disease from a few real images of it.

    An adaptation that was stopped goes on when it is asked for again.
    """
    if queue:
        from radlens.cli.synthesis_queue import queue_adaptation

        with this_site() as site:
            queue_adaptation(site, disease=disease, images=images, wish=wish, by=me())
        return
    from radlens.cli.synthesis import adapt_generator

    with this_site() as site:
        adapt_generator(site, disease=disease, images=images, out=out, wish=wish)


@synth.command()
@click.option("--disease", required=True, help="What the images are to show.")
@click.option("-n", "n", type=int, required=True, help="How many images.")
@click.option("--generator", default="", help="Its name or id; the newest that draws the disease.")
@click.option("--seed", type=int, default=1, show_default=True, help="For chance.")
@click.option(
    "--guidance", type=float, default=2.0, show_default=True, help="How much it is insisted on."
)
@click.option("--steps", type=int, default=25, show_default=True, help="Looks at each image.")
@click.option("-t", "--task", default="", help="Its card, where several tasks draw the disease.")
@click.option("--name", default="", help="The dataset's name; DISEASE-synthetic without one.")
@queue_option
@spoken
def generate(*, queue: bool, **order: str | float) -> None:
    """Draw synthetic images into a dataset, each of which can be drawn again from its record.

    An order that was stopped goes on when it is given again.
    """
    if queue:
        from radlens.cli.synthesis_queue import queue_generation

        with this_site() as site:
            queue_generation(site, order, by=me())
        return
    from radlens.cli.synthesis import generate_dataset

    with this_site() as site:
        generate_dataset(site, order)


@synth.command()
@click.argument("dataset")
@click.argument("file")
@spoken
def again(dataset: str, file: str) -> None:
    """Draw the synthetic image FILE of a DATASET again; leave with 1 if its bytes differ.

    Its record says how: the generator, the seed, the image's number. On the machine that drew it
    the same bytes come out.
    """
    from radlens.cli.synthesis import draw_again

    with this_site() as site:
        if not draw_again(site, dataset, file):
            raise click.exceptions.Exit(1)


@synth.command()
@click.argument("reference")
@click.option("--out", type=FILE, required=True, help="The ZIP file to write.")
@click.option("--with", "real", help="A dataset of real images to put them into.")
@click.option("--dicom", is_flag=True, help="Add each synthetic image as DICOM, marked as such.")
@spoken
def export(reference: str, out: Path, real: str | None, *, dicom: bool) -> None:
    """Write a dataset (name or id) as a ZIP with manifest and card, alone or combined.

    `radlens data import` reads the unpacked folder, and knows what is synthetic in it.
    """
    from radlens.cli.synthesis import export_dataset

    with this_site() as site:
        export_dataset(site, reference, out, real=real, dicom=dicom)


@synth.command("list")
@spoken
def list_() -> None:
    """List the generators that ship and those on record."""
    from radlens.cli.synthesis import list_generators

    with this_site() as site:
        list_generators(site)


@synth.command()
@click.argument("generator")
@spoken
def show(generator: str) -> None:
    """Print the card of a GENERATOR (its name, id or folder)."""
    from radlens.cli.synthesis import show_generator

    with this_site() as site:
        show_generator(site, generator)


@synth.command()
@click.argument("dataset")
@click.option("--against", metavar="REAL", required=True, help="The real dataset learned from.")
@click.option("--out", type=FOLDER, help="Folder for the record, the card and the sheet.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides every drawing.")
@queue_option
@spoken
def assess(dataset: str, against: str, out: Path | None, *, seed: int, queue: bool) -> None:
    """Measure the synthetic images of a DATASET (name or id), and look for copies.

    They are held against the real dataset that their generator learned from: its training images,
    and as a yardstick its held-out ones. A version without copies is put on record beside it.
    """
    if queue:
        from radlens.cli.synthesis_queue import queue_assessment

        with this_site() as site:
            queue_assessment(site, dataset, against=against, seed=seed, by=me())
        return
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
