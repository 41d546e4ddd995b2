"""The task cards of a site: those that ship, its own, and the labels that it added to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from radlens.domain.audit import Act
from radlens.domain.errors import Conflict, DigestMismatch, UnknownTask
from radlens.domain.ledger import Item, Kind, State
from radlens.domain.registry import Version
from radlens.domain.task import Label, Task, label_of
from radlens.storage.database import Database
from radlens.storage.ledger import OF_KIND, insert, item_of
from radlens.storage.registry import add_version
from radlens.storage.statements import append

CARDS = (Kind.CARD.value,)


class SqlCards(Mapping[str, Task]):
    """Cards by the task's name, each with the labels that the ledger adds to it.

    A label that was added stays for good, at its place, for records and models tell of it.
    """

    def __init__(self, database: Database, plain: Mapping[str, Task]) -> None:
        self._database, self._plain = database, plain
        self._cards = plain
        self.follow()

    def __getitem__(self, task: str) -> Task:
        return self._cards[task]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def follow(self) -> None:
        self._cards = self._stored(self._database.rows(OF_KIND, CARDS))

    def extend(
        self, card: Task, label: Label, *, item: str, act: Act, first: tuple[Version, Act]
    ) -> Task:
        with self._database.writing() as sql:
            cards = self._stored(sql.execute(OF_KIND, CARDS).fetchall())
            now = cards.get(card.name)
            if now is None:
                raise UnknownTask(f"There is no task {card.name!r}.")
            extended = card.extended(label)
            if now not in (card, extended):
                raise Conflict(
                    f"The card of {card.name} has got other labels meanwhile.",
                    hint="Begin again with the card as it is now.",
                )
            if now == card:
                body = {"label": asdict(label), "before": list(card.names)}
                append(sql, replace(act, subject=item))
                insert(sql, Item(item, Kind.CARD, card.name, act.time, State.DONE, body))
            add_version(sql, *first)
        self._cards = {**cards, card.name: extended}
        return extended

    def _stored(self, rows: Sequence[Sequence[Any]]) -> Mapping[str, Task]:
        cards = dict(self._plain)
        for item in map(item_of, rows):
            # A card that is no longer at hand: its own file was taken out of the site's folder.
            if card := cards.get(item.name):
                cards[item.name] = _with(card, item)
        return cards


def _with(card: Task, item: Item) -> Task:
    try:
        label = label_of(item.body["label"])
    except (KeyError, TypeError, ValueError) as error:
        raise DigestMismatch(f"The label that entry {item.id} adds cannot be read.") from error
    # What ships may have got the label itself since: its place is another then, and models of the
    # site's edition are none of the new card.
    return card if label.name in card.names else card.extended(label)
