"""A process follows the registry: what goes live elsewhere goes live here, without a pause."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from radlens.domain.audit import SYSTEM, Act, Outcome, Verb
from radlens.domain.errors import RadLensError
from radlens.ports import Site

log = logging.getLogger("radlens.models")
EVERY_S = 1.0


def follow(site: Site, *, quiet: bool = False) -> bool:
    """Know the cards' labels, serve what is live; False where that cannot be seen at the moment.

    What newly went live and does not load here is logged and on record; the model before it goes
    on. Nothing is raised, for whoever made a version live has done so; ``quiet`` leaves out that
    the registry cannot be read.
    """
    try:
        site.cards.follow()  # first: a model of a new label is none without its card
        for version, error in site.live.follow():
            log.error("%s The model before it goes on for %s.", error.message, version.task)
            detail = {"task": version.task, "version": version.version, "kind": error.kind}
            verb, failed = Verb.LOAD_MODEL, Outcome.FAILED
            site.trail.note(Act(site.clock(), SYSTEM, verb, version.digest, detail, failed))
    except RadLensError as error:
        if not quiet:
            log.warning("What is live cannot be seen: %s", error.message)
        return False
    return True


@contextmanager
def following(site: Site) -> Iterator[None]:
    """Look every second, in a thread of its own that ends with the context."""
    stop = Event()
    thread = Thread(target=_look, args=(site, stop), name="models", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _look(site: Site, stop: Event) -> None:
    seen = True
    while not stop.wait(EVERY_S):
        seen = follow(site, quiet=not seen)  # a database that is away is said once
