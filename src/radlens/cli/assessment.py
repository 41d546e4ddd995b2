"""What ``radlens synth assess`` and ``radlens synth release`` do and say; imports the lab."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from radlens.cli.say import lab_extra
from radlens.ports import Site
from radlens.usecases.release import releases

with lab_extra("synth"):
    from radlens.lab.markdown import said
    from radlens.lab.progress import bar, progress
    from radlens.lab.synth.assess import assess, write
    from radlens.usecases.datasets import found


def assess_dataset(site: Site, dataset: str, *, against: str, out: Path | None, seed: int) -> None:
    """Assess, put on record, write where asked, and say the figures of the whole."""
    with progress() as bars:
        done = assess(site, dataset, against=against, seed=seed, seen=bar(bars, "assessing"))
    for line in _said(done.item.body):
        click.echo(line)
    click.echo(f"On record as the assessment {done.item.id}.")
    if out:
        write(done, out)
        click.echo(f"Record, card and sheet: {out}")


def say_releases(site: Site, reference: str, *, as_json: bool) -> None:
    """Print what the gate says of each class."""
    verdicts = releases(site, found(site, reference))
    if as_json:
        told = {n: {"released": r.released, **asdict(r)} for n, r in verdicts.items()}
        click.echo(json.dumps(told, indent=1))
        return
    for each in verdicts.values():
        click.echo(each.sentence)


def _said(body: Mapping[str, Any]) -> Iterator[str]:
    copies, rate = body["copies"], body["copies"]["rate"]
    yield (
        f"copies: {rate['hits']} of {rate['n']}, at most {rate['at_most']:.2%} with 95 % "
        f"confidence; planted copies found: {copies['control']['caught']} of "
        f"{copies['control']['planted']}"
    )
    for name, measures in body["whole"]["fidelity"].items():
        yield f"Frechet distance, synthetic / real ({name}): {said(measures.get('fid_ratio'))}"
        yield (
            f"kernel distance ({name}): {said(measures.get('kid'))}; real: "
            f"{said(measures.get('kid_real'))}"
        )
    for judge, told in body["whole"]["agreement"].items():
        yield f"read as made by {judge}: {said(told['made'])}; real: {said(told['real'])}"
    if again := len(body["repeated"]):
        yield f"left out: {again} held-out images that show what a training image shows"
