"""What ``radlens synth`` does once a site is open."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from radlens.bootstrap import settings
from radlens.cli.say import lab_extra
from radlens.domain.errors import NoSuchItem
from radlens.domain.generator import GeneratorRun
from radlens.domain.ledger import Kind
from radlens.domain.synthesis import Order
from radlens.ports import Site

with lab_extra("synth", extra="lab,synth"):
    from radlens.lab.checkpoint import write
    from radlens.lab.progress import bar, progress
    from radlens.lab.synth.adapt import Adaptation, adapt
    from radlens.lab.synth.card import card
    from radlens.lab.synth.export import combined, export
    from radlens.lab.synth.find import open_generator, shipped
    from radlens.lab.synth.generate import generate, regenerate
    from radlens.lab.synth.train import train
    from radlens.usecases.datasets import found


def train_generator(
    site: Site, recipe: Path, *, data: str, out: Path, name: str, start: str
) -> None:
    """Train a generator and say where it is."""
    with progress() as bars:
        seen = bar(bars, "training")
        run = train(site, recipe, data=data, out=out, name=name, start=start, seen=seen)
    click.echo(f"The generator {run.name} is ready: {out}  (run {run.id[:12]})")


def adapt_generator(
    site: Site, *, disease: str, images: str, out: Path | None, wish: Mapping[str, Any]
) -> None:
    """Teach a disease and say how to draw it."""
    asked = Adaptation(disease=disease, images=images, **wish)
    folder = out or settings().home / "synth" / disease
    with progress() as bars:
        run = adapt(site, asked, out=folder, seen=bar(bars, "learning"))
    click.echo(
        f"The generator {run.name} is ready: {folder}  (run {run.id[:12]})\n"
        f"To draw: radlens synth generate --disease {disease} -n 200"
    )


def generate_dataset(site: Site, order: Mapping[str, Any]) -> None:
    """Draw a dataset and say its name."""
    with progress() as bars:
        made = generate(site, Order(**order), seen=bar(bars, "drawing"))
    click.echo(f"{len(made.images)} synthetic images are on record: {made.name}  {made.id[:12]}")


def draw_again(site: Site, reference: str, file: str) -> bool:
    """Draw an image again, and say whether its bytes are those on record."""
    dataset = found(site, reference)
    image = next((image for image in dataset.images if image.file == file), None)
    if image is None:
        raise NoSuchItem(f"{dataset.name} has no image {file!r}.")
    drawn = sha256(regenerate(site, image)).hexdigest()
    same = drawn == image.digest
    what = "The same bytes" if same else "Other bytes"
    click.echo(f"{what}: {image.digest[:16]} on record and now {drawn[:16]}.")
    return same


def export_dataset(site: Site, reference: str, out: Path, *, real: str | None, dicom: bool) -> None:
    """Write a ZIP and say what is in it."""
    dataset = found(site, reference)
    if real:
        dataset = combined(dataset, found(site, real), site.tasks[dataset.task])
    with progress() as bars:
        write(out, export(site, dataset, dicom=dicom, seen=bar(bars, "writing")))
    made = sum(image.synthetic for image in dataset.images)
    click.echo(f"{len(dataset.images)} images, {made} of them synthetic, are in {out}.")


def list_generators(site: Site) -> None:
    """Every generator, those on record first."""
    for item in site.ledger.items(Kind.GENERATOR):
        run = GeneratorRun.of(item)
        what = run.disease or ", ".join(run.labels)
        click.echo(f"{run.name}  {run.id[:12]}  {run.state}  {run.architecture}  {what}")
    for about in shipped():
        labels = ", ".join(about.labels)
        click.echo(f"{about.name}  {about.digest[:12]}  ships  {about.kind}  {labels}")


def show_generator(site: Site, reference: str) -> None:
    """A generator's card."""
    click.echo(card(open_generator(site, reference).about), nl=False)
