"""What ``radlens models`` does and says."""

import json
from functools import partial
from pathlib import Path

import click

from radlens.domain.archive import parts_of
from radlens.domain.audit import Actor
from radlens.domain.errors import BadBundle, NoLiveModel
from radlens.domain.registry import Stage, Version
from radlens.engines.bundle import read_parts
from radlens.ports import Site
from radlens.usecases.activate import activate, approve, roll_back
from radlens.usecases.register import register
from radlens.usecases.retire import retire
from radlens.wire_models import version_json


def show_versions(site: Site, task: str | None, *, as_json: bool) -> None:
    """Print every version by task; a task without a live one says so."""
    rows = site.registry.versions(task=task)
    if as_json:
        click.echo(json.dumps([version_json(row) for row in rows], indent=1))
        return
    known = {*site.tasks, *(row.task for row in rows)}
    for name in sorted(known & {task} if task else known):
        click.echo(name)
        mine = [row for row in rows if row.task == name]
        if not any(row.stage is Stage.LIVE for row in mine):
            click.echo(f"  -          nothing answers. {NoLiveModel.default_hint}")
        for row in sorted(mine, key=lambda found: found.stage is not Stage.LIVE):
            click.echo(f"  {row.stage:9}  {row.version}  {row.facts.get('architecture', '')}")
            click.echo(f"             sha256:{row.digest}")
            click.echo(f"             {row.facts.get('statement', '')}")


def add_bundle(site: Site, bundle: Path, *, by: Actor, reason: str) -> None:
    """Register a bundle and say what it takes to let it answer."""
    version = register(site, partial(_parts, bundle), by=by, reason=reason)
    click.echo(f"{_said(version)} is registered as a candidate.")
    click.echo(f"To let it answer: radlens models activate {version.task}/{version.version}")


def activate_version(
    site: Site, reference: str, *, by: Actor, reason: str, override: bool, match: bool
) -> None:
    """Activate and say so."""
    version = activate(site, reference, by=by, reason=reason, override=override, match=match)
    click.echo(f"{_said(version)} answers from now on.")


def approve_version(site: Site, reference: str, *, by: Actor, reason: str) -> None:
    """Approve and say who may activate."""
    version = approve(site, reference, by=by, reason=reason)
    click.echo(f"{_said(version)} is approved of by {', '.join(version.approved)}.")


def roll_back_task(site: Site, task: str, *, by: Actor, reason: str) -> None:
    """Roll back and say what answers now."""
    click.echo(f"{_said(roll_back(site, task, by=by, reason=reason))} answers again.")


def retire_version(
    site: Site, reference: str, *, by: Actor, reason: str, out_of_service: bool
) -> None:
    """Retire and say so."""
    version = retire(site, reference, by=by, reason=reason, out_of_service=out_of_service)
    click.echo(f"{_said(version)} is retired.")


def _parts(bundle: Path) -> dict[str, bytes]:
    if bundle.is_dir():
        return read_parts(bundle)
    try:
        return parts_of(bundle.read_bytes())
    except OSError as error:
        raise BadBundle(f"{bundle.name} cannot be read: {error.strerror}.") from error


def _said(version: Version) -> str:
    return f"{version.task}/{version.version} (sha256:{version.digest[:12]})"
