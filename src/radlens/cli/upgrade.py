"""``radlens upgrade``: an older chest application's database becomes RadLens's, in place."""

import click

from radlens.cli.say import me, spoken, this_site

NOTHING = (
    "There is nothing to take over: the database of this site is no PostgreSQL with the tables "
    "`models` and `predictions` of a chest application in the schema public."
)
AFTER = (
    "Their rows stay in public.models and public.predictions, with the links to images, which the "
    "audit log does not repeat: a link may hold a name. The public key reads none of it any more, "
    "nor does an application that uses that key. Make the buckets of images private, too."
)


@click.command()
@spoken
def upgrade() -> None:
    """Take over what an older chest application left in this PostgreSQL database.

    Its models become retired versions, its predictions audit entries; its rows stay where they
    are, closed to the public key. Run again, it takes what is new.
    """
    from radlens.bootstrap import settings
    from radlens.cli.streamlit_secrets import say_instead

    say_instead(settings())
    with this_site() as site:
        done = site.legacy.take(time=site.clock(), by=me())
    if done is None:
        return click.echo(NOTHING)
    click.echo(f"Taken over: {done.models} models and {done.predictions} predictions.")
    for count, what in (
        (done.renamed, "models got another name, for theirs was taken or empty"),
        (done.without_model, "predictions name no model, or one that is not there"),
        (done.without_results, "predictions have no results"),
        (done.unreadable, "predictions have results that are no JSON object, kept as they are"),
    ):
        if count:
            click.echo(f"  {count} {what}.")
    return click.echo(AFTER)
