"""A task card gets a label more, and nothing that was said before changes."""

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.task import Label, Task
from radlens.ports import Site
from radlens.usecases.attempt import attempted


def extend(site: Site, card: Task, label: Label, *, by: Actor) -> Task:
    """Add the label to the card that is meant, and give the new card; the same again is nothing.

    Models of the card's earlier editions go on. Raises BadCard, UnknownTask or Conflict.
    """
    with attempted(site, Verb.EXTEND_TASK, card.name, by=by):
        detail = {"task": card.name, "label": label.name, "labels": len(card.labels) + 1}
        act = Act(site.clock(), by, Verb.EXTEND_TASK, "", detail)
        return site.cards.extend(card, label, item=site.new_id(), act=act)
