"""A disease from a few images: each step once, on record, in the order in which it is needed."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from radlens.domain.audit import Actor
from radlens.domain.disease import STEPS, Disease, Step, Wish
from radlens.domain.generator import GeneratorRun
from radlens.domain.ledger import Kind, State
from radlens.domain.run import Run
from radlens.lab.disease.plan import Plan, plan_for
from radlens.lab.disease.steps import DOES, GENERATOR, RUN, Addition
from radlens.lab.logbook import closing, let_go
from radlens.lab.memory import keep_freed_memory
from radlens.lab.progress import Bars, Seen
from radlens.ports import Site


def add_disease(site: Site, wish: Wish, *, out: Path, by: Actor, told: Bars) -> Disease:
    """Teach a site a disease, up to a candidate that an administrator may activate.

    The same wish goes on after the last step that is done, in an entry of its own where the one
    before has failed; a step that was stopped goes on from what is in ``out``. Whoever is ``told``
    hears of each. Whatever ends it, cancelled or failed, the entry is on record as failed, with
    neither a candidate nor a label on the card; what is refused at once leaves nothing. Raises
    what ``plan_for`` and the steps raise.
    """
    keep_freed_memory()
    begun = _of(site, wish, State.RUNNING)
    plan = plan_for(site, wish, begun)
    entry = begun or _new(site, plan)
    out.mkdir(parents=True, exist_ok=True)
    at = Addition(site, plan, entry, out, by)
    at.put(entry)
    with closing(partial(_let_go, at)):
        for number, name in enumerate(STEPS, 1):
            if any(step.name == name for step in at.entry.steps):
                continue
            record, words = DOES[name](at, partial(_numbered, told, number))
            at.put(at.entry.done(Step(name, record, words)))
    at.put(replace(at.entry, state=State.DONE))
    return at.entry


def _numbered(told: Bars, number: int, work: str) -> Seen:
    return told(f"{number}/{len(STEPS)} {work}")


def _of(site: Site, wish: Wish, state: State) -> Disease | None:
    """The newest addition of the same wish in a state, if there is one."""
    items = site.ledger.items(Kind.DISEASE, name=wish.disease)
    found = (Disease.of(item) for item in items)
    return next((one for one in found if (one.wish, one.state) == (wish, state)), None)


def _new(site: Site, plan: Plan) -> Disease:
    """An addition that begins, with the steps of one that failed where they are still good."""
    entry = Disease(site.new_id(), site.clock(), plan.wish, plan.card.names)
    failed = _of(site, plan.wish, State.FAILED)
    if failed is None or failed.before != entry.before:
        return entry
    beside = [step.record for step in failed.steps if step.name == "beside"]
    if any(plan.beside.id not in site.ledger.get(record).parents for record in beside):
        return entry  # the live version has learned from other data meanwhile
    return replace(entry, steps=failed.steps)


def _let_go(at: Addition, why: str) -> None:
    """Close whatever entry is still running; what lies in the folder last, for it may be full."""
    at.put(replace(at.entry, state=State.FAILED, error=why))
    let_go(at.here, at.out / GENERATOR, GeneratorRun, why)
    let_go(at.here, at.out / RUN, Run, why)
    known = {step.record for step in at.entry.steps}
    for item in at.here.ledger.items(Kind.GENERATION):
        if item.state is State.RUNNING and item.body["order"]["generator"] in known:
            body = {**item.body, "error": why}
            at.here.ledger.put(replace(item, state=State.FAILED, body=body))
