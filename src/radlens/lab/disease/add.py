"""A disease from a few images: each step once, on record, in the order in which it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from radlens.domain.audit import Actor
from radlens.domain.disease import STEPS, Disease, Step, Wish
from radlens.domain.errors import BadInput, Conflict, NotFound, RadLensError
from radlens.domain.generator import GeneratorRun
from radlens.domain.ledger import Kind, State
from radlens.domain.run import Run
from radlens.lab.disease.plan import plan_for
from radlens.lab.disease.steps import DOES, GENERATOR, RUN, Addition
from radlens.lab.logbook import let_go
from radlens.lab.memory import keep_freed_memory
from radlens.lab.progress import Bars, Seen
from radlens.ports import Site

# What ends an addition for good; whatever else stops it, it goes on when it is asked for again.
ENDING = (BadInput, Conflict, NotFound)


def add_disease(site: Site, wish: Wish, *, out: Path, by: Actor, told: Bars) -> Disease:
    """Teach a site a disease, up to a candidate that an administrator may activate.

    The same wish goes on after the last step that is done; a step that was stopped goes on from
    what is in ``out``. Whoever is ``told`` hears of each. Cancelled, or refused by a step, the
    entry is on record as failed, with neither a candidate nor a label on the card; what is refused
    at once leaves nothing. Raises what ``plan_for`` and the steps raise.
    """
    keep_freed_memory()
    begun = _begun(site, wish)
    plan = plan_for(site, wish, begun)
    entry = begun or Disease(site.new_id(), site.clock(), wish, plan.card.names)
    out.mkdir(parents=True, exist_ok=True)
    at = Addition(site, plan, entry, out, by)
    at.put(entry)
    with _closing(at):
        for number, name in enumerate(STEPS, 1):
            if any(step.name == name for step in at.entry.steps):
                continue
            record, words = DOES[name](at, partial(_numbered, told, number))
            at.put(at.entry.done(Step(name, record, words)))
    at.put(replace(at.entry, state=State.DONE))
    return at.entry


def _numbered(told: Bars, number: int, work: str) -> Seen:
    return told(f"{number}/{len(STEPS)} {work}")


def _begun(site: Site, wish: Wish) -> Disease | None:
    """The addition of the same wish that has not ended, if there is one."""
    for item in site.ledger.items(Kind.DISEASE, name=wish.disease):
        before = Disease.of(item)
        if before.wish == wish and before.state is State.RUNNING:
            return before
    return None


@contextmanager
def _closing(at: Addition) -> Iterator[None]:
    try:
        yield
    except ENDING as error:
        _let_go(at, error)
        raise


def _let_go(at: Addition, error: RadLensError) -> None:
    """Close whatever entry is still running."""
    why = f"{error.message} {error.hint}"
    let_go(at.here, at.out / GENERATOR, GeneratorRun, why)
    let_go(at.here, at.out / RUN, Run, why)
    known = {step.record for step in at.entry.steps}
    for item in at.here.ledger.items(Kind.GENERATION):
        if item.state is State.RUNNING and item.body["order"]["generator"] in known:
            body = {**item.body, "error": why}
            at.here.ledger.put(replace(item, state=State.FAILED, body=body))
    at.put(replace(at.entry, state=State.FAILED, error=why))
