"""``radlens models``: what a version has to show before it is live.

Nothing heavy is imported at the top, so that ``radlens --help`` answers at once.
"""

import click

from radlens.cli.models import json_option, match_option, override_option, reason_option
from radlens.cli.say import me, spoken, this_site


@click.command()
@click.argument("version")
@json_option
@spoken
def gate(version: str, *, as_json: bool) -> None:
    """Say whether a VERSION would pass the gate of its task, and on which records that rests."""
    from radlens.cli.trial_words import show_gate

    with this_site() as site:
        passed = show_gate(site, version, as_json=as_json)
    if not passed:
        raise click.exceptions.Exit(4)


@click.command()
@click.argument("version")
@click.option(
    "--last",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="How many images.",
)
@match_option
@json_option
@spoken
def preview(version: str, *, last: int, match: bool, as_json: bool) -> None:
    """Read the last recorded images with a VERSION: which alarms would change. Records nothing."""
    from radlens.cli.trial_words import show_preview

    with this_site() as site:
        show_preview(site, version, last=last, match=match, as_json=as_json)


@click.command()
@click.argument("version")
@reason_option
@spoken
def shadow(version: str, reason: str) -> None:
    """Let a VERSION read what the live one answers, in a running server; nobody sees what it says.

    `radlens models agreement` reports on it.
    """
    from radlens.cli.trial_words import place_shadow

    with this_site() as site:
        place_shadow(site, version, by=me(), reason=reason)


@click.command()
@click.argument("version")
@click.option("--share", type=float, default=0.1, show_default=True, help="Above 0, at most 0.5.")
@reason_option
@override_option
@match_option
@spoken
def canary(version: str, *, share: float, reason: str, override: bool, match: bool) -> None:
    """Let a VERSION that passes the gate answer for a share of the images.

    It is stopped by itself where it fails, or changes a label's answers, beyond what the task's
    card lets through.
    """
    from radlens.cli.trial_words import place_canary

    with this_site() as site:
        terms = {"reason": reason, "override": override, "match": match}
        place_canary(site, version, share, by=me(), terms=terms)


@click.command()
@click.argument("version")
@reason_option
@spoken
def withdraw(version: str, reason: str) -> None:
    """End the trial of a VERSION: it is a candidate again."""
    from radlens.cli.trial_words import withdraw_version

    with this_site() as site:
        withdraw_version(site, version, by=me(), reason=reason)


@click.command()
@click.argument("version")
@click.option(
    "--last",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="How many images.",
)
@json_option
@spoken
def agreement(version: str, *, last: int, as_json: bool) -> None:
    """Report how a VERSION on trial and the live one agree so far."""
    from radlens.cli.trial_words import show_agreement

    with this_site() as site:
        show_agreement(site, version, last=last, as_json=as_json)
