"""What the commands about registered versions do and say."""

import json
from datetime import datetime
from pathlib import Path

import click

from radlens.cli.written import bytes_to
from radlens.domain.audit import Actor
from radlens.domain.evaluation import Measure
from radlens.domain.registry import Move
from radlens.ports import Site
from radlens.reports.part import shown
from radlens.usecases.compare import compare
from radlens.usecases.export_model import export_model
from radlens.usecases.trace import trace
from radlens.usecases.verify_model import verify_model
from radlens.wire_models import comparison_json, move_json, shown_json


def show_version(site: Site, reference: str, *, as_json: bool) -> None:
    """Print one version and its moves."""
    version = site.registry.get(reference)
    moves = site.registry.moves(version.task)
    if as_json:
        click.echo(json.dumps(shown_json(version, moves), indent=1))
        return
    facts, lineage = version.facts, version.facts.get("lineage") or {}
    points = "those of its manifest" if version.thresholds is None else "matched to the live one"
    rows = {
        "version": f"{version.task}/{version.version}",
        "digest": f"sha256:{version.digest}",
        "stage": version.stage if version.share is None else f"{version.stage} {version.share:.0%}",
        "from": f"{version.source}, registered {version.time} by {version.by.name}",
        "architecture": facts.get("architecture"),
        "statement": facts.get("statement"),
        "run": lineage.get("run"),
        "dataset": lineage.get("dataset"),
        "approved by": ", ".join(version.approved),
        "thresholds": points,
        **{f"part {name}": f"sha256:{digest}" for name, digest in version.files.items()},
        **{f"figure {name}": shown(measure) for name, measure in version.measures.items()},
    }
    for name, value in rows.items():
        if value:
            click.echo(f"{name:24} {value}")
    for step in moves:
        if step.digest == version.digest:
            click.echo(_step(step, version.version))


def compare_versions(site: Site, one: str, other: str, *, as_json: bool) -> None:
    """Print what each was measured at, and what the two did on the same cases."""
    found = compare(site, one, other)
    item = found.paired
    if as_json:
        click.echo(json.dumps(comparison_json(found), indent=1))
        return
    figures = [found.first.measures, found.second.measures]
    click.echo(f"{'':20} {found.first.version:28} {found.second.version}")
    for name in {**figures[0], **figures[1]}:
        left, right = (shown(side.get(name)) for side in figures)
        click.echo(f"{name:20} {left:28} {right}")
    click.echo("Each by its own training, on its own held-out cases, with 95 % intervals.")
    if item is None:
        click.echo("No comparison on the same cases is on record: `radlens evaluate --against`.")
        return
    click.echo(f"On the same {item.body['images']} cases, {item.name} (record {item.id[:12]}):")
    for name, entry in item.body["whole"].items():
        apart = shown(entry and Measure.of(entry["difference"]))
        click.echo(f"{name:20} difference {apart}")


def verify_versions(site: Site, reference: str | None, *, by: Actor) -> bool:
    """Print of each version whether it is intact; whether all are."""
    every = [version for version in site.registry.versions() if version.loadable]
    chosen = [site.registry.get(reference)] if reference else every
    results = [verify_model(site, version.digest, by=by) for version in chosen]
    for result in results:
        name = f"{result.version.task}/{result.version.version}"
        click.echo(f"{name}: {'damaged' if result.troubles else 'intact'}")
        for trouble in result.troubles:
            click.echo(f"  {trouble}")
    return not any(result.troubles for result in results)


def export_version(site: Site, reference: str, *, out: Path, by: Actor) -> None:
    """Write and say what."""
    version, archive = export_model(site, reference, by=by)
    bytes_to(out, archive)
    click.echo(f"{out}: {version.task}/{version.version}, {len(archive):,} bytes")


def show_moves(site: Site, task: str, *, at: datetime | None, as_json: bool) -> None:
    """Print every move, oldest first, or that which made live what was live then."""
    moves = trace(site, task, at=at)
    if as_json:
        click.echo(json.dumps([move_json(step) for step in moves], indent=1))
        return
    if not moves:
        click.echo(f"Nothing was live for {task} then." if at else "Nothing happened yet.")
    names = {found.digest: found.version for found in site.registry.versions(task=task)}
    for step in moves:
        click.echo(_step(step, names.get(step.digest, step.digest[:12])))


def _step(step: Move, name: str) -> str:
    became = step.after if step.share is None else f"{step.after} {step.share:.0%}"
    reason = f": {step.reason}" if step.reason else ""
    return f"{step.time:%Y-%m-%d %H:%M:%S%z}  {name} became {became}, by {step.by.name}{reason}"
