"""How ``radlens disease`` shows diseases that are being added, or were."""

import json

import click

from radlens.domain.disease import STEPS, Disease
from radlens.domain.ledger import State
from radlens.ports import Site
from radlens.usecases.diseases import disease, diseases
from radlens.wire_synthesis import disease_json


def show_all(site: Site, *, as_json: bool) -> None:
    """Print every addition, the newest first."""
    found = diseases(site)
    if as_json:
        click.echo(json.dumps([disease_json(each) for each in found], indent=1))
        return
    for each in found:
        click.echo(_line(each))
    if not found:
        click.echo("No disease was added yet; `radlens disease add` does it.")


def show_one(site: Site, reference: str, *, as_json: bool) -> None:
    """Print one with its steps."""
    found = disease(site, reference)
    if as_json:
        click.echo(json.dumps(disease_json(found), indent=1))
    else:
        say(found)


def say(added: Disease) -> None:
    """Print an addition: each step that is done, and why it ended if it failed."""
    click.echo(_line(added))
    for number, step in enumerate(added.steps, 1):
        click.echo(f"{number:2}  {step.name}  {step.record[:12]}")
        for line in step.said.splitlines():
            click.echo(f"    {line}")
    if added.error:
        click.echo(f"It failed: {added.error}")


def _line(added: Disease) -> str:
    time, wish = added.time.isoformat(sep=" ", timespec="seconds"), added.wish
    far = "" if added.state is State.DONE else f"  {len(added.steps)} of {len(STEPS)} steps"
    return f"{time}  {added.id[:12]}  {wish.task}  {wish.disease}  {added.state}{far}"
