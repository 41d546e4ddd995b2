"""``radlens models``: the versions of each task's model, and which of them answers.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

from pathlib import Path

import click

from radlens.cli.say import me, spoken, this_site

FILE = click.Path(path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
task_option = click.option("-t", "--task", help="Of this task alone.")
override_option = click.option(
    "--override", is_flag=True, help="Past the gate, with a --reason that stays on record."
)
match_option = click.option(
    "--match-sensitivity", "match", is_flag=True, help="At the live version's sensitivity."
)
reason_option = click.option("--reason", default="", help="Why; it stays on record.")


@click.group()
def models() -> None:
    """The models of this site: register, compare, activate, roll back."""


@models.command("list")
@task_option
@json_option
@spoken
def list_(task: str | None, *, as_json: bool) -> None:
    """List the versions of each task, the newest first, and which of them answers."""
    from radlens.cli.versions import show_versions

    with this_site() as site:
        show_versions(site, task, as_json=as_json)


@models.command()
@click.argument("bundle", type=FILE)
@reason_option
@spoken
def add(bundle: Path, reason: str) -> None:
    """Register a BUNDLE (zip or folder) as a candidate: checked, loaded and proven first."""
    from radlens.cli.versions import add_bundle

    with this_site() as site:
        add_bundle(site, bundle, by=me(), reason=reason)


@models.command()
@click.argument("version")
@reason_option
@override_option
@match_option
@spoken
def activate(version: str, reason: str, *, override: bool, match: bool) -> None:
    """Let a VERSION (name, TASK/name or digest) answer for its task from now on.

    It has to pass the gate of its task first: see `radlens models gate`.
    """
    from radlens.cli.versions import activate_version

    with this_site() as site:
        activate_version(site, version, by=me(), reason=reason, override=override, match=match)


@models.command()
@click.argument("version")
@reason_option
@spoken
def approve(version: str, reason: str) -> None:
    """Approve of a VERSION, so that another account may activate it or make it a canary."""
    from radlens.cli.versions import approve_version

    with this_site() as site:
        approve_version(site, version, by=me(), reason=reason)


@models.command()
@click.argument("task")
@reason_option
@spoken
def rollback(task: str, reason: str) -> None:
    """Let the version answer for a TASK again that was live before."""
    from radlens.cli.versions import roll_back_task

    with this_site() as site:
        roll_back_task(site, task, by=me(), reason=reason)


@models.command()
@click.argument("version")
@click.option("--out-of-service", is_flag=True, help="Also a live one: nothing answers then.")
@reason_option
@spoken
def retire(version: str, reason: str, *, out_of_service: bool) -> None:
    """Say that a VERSION is not to be used any more."""
    from radlens.cli.versions import retire_version

    with this_site() as site:
        retire_version(site, version, by=me(), reason=reason, out_of_service=out_of_service)


@models.command("convert")
@click.argument("weights", type=FILE)
@click.option("--arch", required=True, help="resnet18, densenet121 or efficientnet-lite0.")
@click.option("-t", "--task", required=True, help="The task card to read for.")
@click.option("--out", type=FILE, required=True, help="Folder for the bundle.")
@spoken
def convert(weights: Path, arch: str, task: str, out: Path) -> None:
    """Turn old WEIGHTS (.pth or .safetensors, torchvision or timm names) into a bundle.

    What a pickle says is never run.
    """
    from radlens.cli.lab import convert_weights

    convert_weights(weights, arch=arch, task=task, out=out)
