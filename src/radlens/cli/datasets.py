"""What ``radlens data`` does once a site is open."""

import json
from pathlib import Path
from typing import Any

import click

from radlens.cli.say import lab_extra
from radlens.domain.errors import StorageUnavailable, UnknownTask
from radlens.domain.ledger import Item, Kind
from radlens.ports import Site

with lab_extra("data"):
    from radlens.lab.data_card import data_card, said
    from radlens.lab.importing import import_folder
    from radlens.lab.memory import keep_freed_memory
    from radlens.lab.progress import bar, progress
    from radlens.lab.scan import scan
    from radlens.lab.splitting import Plan, split
    from radlens.usecases.datasets import found, register_as
    from radlens.usecases.from_reviews import from_reviews

NAMED = 10  # dropped images that are named; the card names them all


def import_dataset(site: Site, folder: Path, *, task: str, name: str | None) -> None:
    """Import a folder, put it on record and say what is in it."""
    if task not in site.tasks:
        raise UnknownTask(f"There is no task {task!r}.")
    with progress() as bars:
        seen = bar(bars, "importing")
        made = import_folder(site, folder, task=site.tasks[task], name=name or "", seen=seen)
    _say(register_as(site, made))
    if left := made.history["columns_left_behind"]:
        click.echo(f"  Columns left behind, as they could name a person: {', '.join(left)}")
    if middle := made.history["middle_slices"]:
        click.echo(f"  Of {middle} volumes the middle slice was taken; a column slice says which.")


def gather_reviews(site: Site, task: str, *, name: str) -> None:
    """Make the dataset of a task's concluded cases, put it on record and say what is in it."""
    made = from_reviews(site, task, name=name)
    _say(register_as(site, made))
    for why, number in made.history["left_out"].items():
        click.echo(f"  Left out: {number} ({why}).")
    click.echo(f"  Not yet split: radlens data split {name}")


def show_datasets(site: Site, *, as_json: bool) -> None:
    """Every dataset on record."""
    items = site.ledger.items(Kind.DATASET)
    if as_json:
        click.echo(json.dumps([_plain(item) for item in items], indent=1))
        return
    for item in items:
        _say(item)
    if not items:
        click.echo("There is no dataset yet; `radlens data import` makes one.")


def scan_dataset(site: Site, reference: str, *, as_json: bool) -> None:
    """Scan a dataset, and say what was found."""
    dataset = found(site, reference)
    keep_freed_memory()
    with progress() as bars:
        item = scan(site, dataset, bar(bars, "looking"))
    if as_json:
        click.echo(json.dumps(_plain(item), indent=1))
        return
    click.echo(f"{dataset.name}: scan {item.id[:12]}\n{said(item.body)}")
    for one, other in item.body["across"]:
        click.echo(f"  {one} and {other} are in two splits")


def split_dataset(
    site: Site, reference: str, *, name: str | None, keep: tuple[str, ...], **shares: Any
) -> None:
    """Split a dataset anew, and say what was dropped for it."""
    dataset = found(site, reference)
    keep_freed_memory()
    with progress() as bars:
        seen = bar(bars, "looking for near-duplicates")
        plan = Plan(keep=keep, **shares)
        made = split(site.blobs, dataset, plan, name=name or f"{dataset.name}-split", seen=seen)
    _say(register_as(site, made))
    dropped = made.history["dropped"]
    for each in dropped[:NAMED]:
        click.echo(f"  {each['file']} of {each['split']} dropped: it repeats {each['repeats']}")
    if len(dropped) > NAMED:
        click.echo(f"  and {len(dropped) - NAMED:,} more: see `radlens data card {made.id[:12]}`")


def write_card(site: Site, reference: str, out: Path | None) -> None:
    """The card of a dataset, with its newest scan."""
    dataset = found(site, reference)
    scans = [item for item in site.ledger.items(Kind.SCAN) if dataset.id in item.parents]
    text = data_card(dataset, scans[0].body if scans else None)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text)
    except OSError as error:
        raise StorageUnavailable(
            f"{out} cannot be written: {error.strerror}.", hint="Name another place."
        ) from error


def _plain(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "time": item.time.isoformat(),
        "parents": list(item.parents),
        **item.body,
    }


def _say(item: Item) -> None:
    splits = item.body["splits"]
    sizes = ", ".join(f"{name or 'not split'} {s['images']}" for name, s in splits.items())
    click.echo(f"{item.name}  {item.id[:12]}  {item.body['task']}  {sizes}")
