"""A task card gets a label more, with a first version that knows it; what was said before stays."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.registry import Version
from radlens.domain.task import Label, Task
from radlens.ports import Site
from radlens.usecases.attempt import attempted
from radlens.usecases.register import proven


def extend(
    site: Site,
    card: Task,
    label: Label,
    read: Callable[[], Mapping[str, bytes]],
    *,
    by: Actor,
    reason: str = "",
    source: str = "upload",
) -> Version:
    """Add the label to the card that is meant, and register a bundle that knows it as a candidate.

    Both or neither. Models of the card's earlier editions go on. ``read`` gives the bundle's parts.
    Raises BadCard, BadBundle, UnknownTask or Conflict.
    """
    with attempted(site, Verb.EXTEND_TASK, card.name, by=by):
        ahead = replace(site, tasks={**site.tasks, card.name: card.extended(label)})
        first = proven(ahead, read(), by=by, reason=reason, source=source)
        detail = {"task": card.name, "label": label.name, "labels": len(card.labels) + 1}
        act = Act(site.clock(), by, Verb.EXTEND_TASK, "", detail)
        site.cards.extend(card, label, item=site.new_id(), act=act, first=first)
        return first[0]
