"""The doors to the outside, and the Site that holds them open."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from radlens.account_ports import Accounts
from radlens.audit_ports import Seal, Trail
from radlens.domain.audit import Act, Actor
from radlens.domain.backup import Snapshot, Table
from radlens.domain.ledger import Item, Kind
from radlens.domain.legacy import Left, Taken
from radlens.domain.prediction import Once, Prediction, Recorded
from radlens.domain.pseudonym import Identity, Pseudonyms
from radlens.domain.registry import Version
from radlens.domain.scan import Bounds
from radlens.domain.task import Label, Task
from radlens.job_ports import Jobs
from radlens.model_ports import Live, Registry
from radlens.review_ports import Reviews, Worklist
from radlens.trial_ports import Beside, Shadows


class Cards(Protocol):
    """The labels that a site adds to task cards, at their end."""

    def follow(self) -> None:
        """Know what other processes added meanwhile."""
        ...

    def extend(
        self, card: Task, label: Label, *, item: str, act: Act, first: tuple[Version, Act]
    ) -> Task:
        """Add a label to a card and register the ``first`` version that knows it; the new card.

        It is one transaction with both audit entries, so that no label is without a model. ``item``
        is the id of the ledger's entry, which becomes the act's subject. A label that was added
        to this card before in the very same words is nothing new. Raises UnknownTask, BadCard, or
        Conflict where the card is not the one that is meant, or the version is there already.
        """
        ...


class Records(Protocol):
    """What must not be lost: predictions, each with its entry in the audit log."""

    def add(self, prediction: Prediction, act: Act, once: Once | None = None) -> Prediction:
        """Commit a prediction and its audit entry in one transaction; both or neither.

        Returns what is on record: an earlier prediction where ``once.key`` was used before for
        the same request. Raises KeyReused where it was used for another one.
        """
        ...

    def get(self, prediction_id: str) -> Prediction:
        """One prediction; raises NoSuchPrediction."""
        ...

    def repeated(self, once: Once) -> Prediction | None:
        """The prediction that was recorded under this key, if any; raises KeyReused."""
        ...

    def history(
        self, *, limit: int, before: str | None = None, image: str | None = None
    ) -> list[Prediction]:
        """The newest first; ``before`` is the id to go on from, ``image`` an image's digest.

        ``limit`` is 1 or more. Raises NoSuchPrediction where ``before`` is unknown.
        """
        ...

    def priors(self, prediction: Prediction, *, limit: int) -> list[Prediction]:
        """Earlier ones of the same patient for the same task, the newest first.

        They are of other studies, and of other images; none where nothing says whose image it is.
        """
        ...

    def count(self) -> int:
        """How many predictions are on record."""
        ...

    def recorded(self, *, after: int, until: int) -> Mapping[int, Recorded]:
        """The predictions of the audit entries after one place up to another, by their place."""
        ...

    def erase(self, predictions: Sequence[str], act: Act, *, reason: str) -> None:
        """Mark predictions as erased, whose they are included, in one transaction with the entry.

        Raises Conflict where one of them is marked already.
        """
        ...


class Ledger(Protocol):
    """What the lab found out: datasets, scans, runs, evaluations, studies."""

    def put(self, item: Item) -> None:
        """Commit a new entry, or the next state of a running one.

        The same entry again is nothing new; a finished one never changes: raises Conflict.
        """
        ...

    def get(self, item_id: str) -> Item:
        """One entry by its id or the unambiguous beginning of it; raises NoSuchItem."""
        ...

    def items(self, kind: Kind, *, name: str | None = None, limit: int = 1000) -> list[Item]:
        """Entries of a kind, of one name or of all, the newest first."""
        ...


class Blobs(Protocol):
    """Bytes under their own SHA-256, written once and never changed, at most erased."""

    def put(self, content: bytes) -> str:
        """Keep the bytes for good and return their digest; the same bytes are kept once."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes; raises NoSuchObject, or DigestMismatch where they have changed."""
        ...

    def delete(self, digest: str) -> None:
        """Destroy the bytes, as an erasure asks; what is not there is gone already."""
        ...


class Pseudonymiser(Protocol):
    """The secret key of a site, by which a patient is known again and never named."""

    def of(self, identity: Identity) -> Pseudonyms:
        """The pseudonyms of an identity; the key is made on first use.

        Raises BadSettings for a key that cannot be used, StorageFull and StorageUnavailable.
        """
        ...


class Stores(Protocol):
    """The database and the disk of a site as wholes."""

    def write(self) -> None:
        """Commit something of no meaning; raises StorageFull or StorageUnavailable."""
        ...

    def room(self) -> None:
        """Raise StorageFull where less of the disk is free than the settings ask for."""
        ...

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """All tables as of one moment, whatever others write meanwhile."""
        ...

    def vacant(self) -> bool:
        """Whether nothing was ever put on record here."""
        ...

    def fill(self, tables: Iterable[Table], act: Act) -> None:
        """Write all tables and the act in one transaction, or nothing.

        Raises NotEmpty where anything is there, BadBackup where the tables are others.
        """
        ...


class Legacy(Protocol):
    """The tables of an older application in the same database."""

    def left(self) -> Left | None:
        """How much of them was not taken over yet; None where there are none."""
        ...

    def take(self, *, time: datetime, by: Actor) -> Taken | None:
        """Take over what is left and close them to the public, in one transaction, or nothing."""
        ...


class Line(Protocol):
    """Those whose images are being read, and those who wait; its length is bounded."""

    def place(self, of: str) -> AbstractContextManager[None]:
        """A place for an account until the end of the context.

        Raises Busy at once where there is none, TooManyAtOnce where others would get one.
        """
        ...

    def close(self) -> None:
        """Give no more places; those inside stay until they are served."""
        ...

    @property
    def closed(self) -> bool: ...

    @property
    def inside(self) -> int:
        """How many have a place."""
        ...

    @property
    def waiting(self) -> int:
        """How many of them are not being served yet."""
        ...


@dataclass(frozen=True)
class Site:
    """The open doors of one running RadLens. ``seal`` is None where nothing is put on record.

    ``approvals`` is how many accounts it takes that a version may answer: 1, or 2; ``readings``
    how many readers it takes to conclude a case. ``tasks`` are the cards with what ``cards``
    added, as far as this process has followed.
    """

    tasks: Mapping[str, Task]
    cards: Cards
    records: Records
    trail: Trail
    seal: Seal | None
    shadows: Shadows
    ledger: Ledger
    jobs: Jobs
    worklist: Worklist
    reviews: Reviews
    blobs: Blobs
    pseudonymiser: Pseudonymiser
    stores: Stores
    legacy: Legacy
    registry: Registry
    live: Live
    beside: Beside
    line: Line
    accounts: Accounts
    bounds: Bounds
    workers: int
    approvals: int
    readings: int
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
