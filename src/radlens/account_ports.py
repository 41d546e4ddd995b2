"""The doors behind which a site keeps who may use it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from radlens.domain.account import ApiKey, Session, User
from radlens.domain.audit import Act
from radlens.domain.guessing import Limit
from radlens.domain.sitting import Lifetimes


class Users(Protocol):
    """The accounts of a site. Each change is committed together with its audit entry."""

    def add(self, user: User, act: Act) -> None:
        """A new account; raises NameTaken."""
        ...

    def change(self, user: User, act: Act | None) -> None:
        """An account's new role, password or end; raises LastAdmin, NoSuchAccount.

        Whose password is new or who is disabled is signed out everywhere. Without an ``act`` only
        the way in which the same password is kept is new.
        """
        ...

    def get(self, name: str) -> User:
        """An account by its name; raises NoSuchAccount."""
        ...

    def all(self) -> list[User]:
        """Every account, by name."""
        ...

    def invite(self, digest: str, expires: datetime) -> bool:
        """Let whoever has the secret of this digest set the site up; false where it is set up."""
        ...

    def set_up(self, user: User, act: Act, *, digest: str) -> None:
        """The first account, whose secret is used up by it; raises NotAllowed."""
        ...


class Sessions(Protocol):
    """The signed-in browsers of a site, on all its processes."""

    def add(self, session: Session, act: Act) -> None:
        """Begin a session."""
        ...

    def find(self, digest: str) -> tuple[Session, User]:
        """A session with its account; raises NotSignedIn."""
        ...

    def seen(self, digest: str, time: datetime) -> None:
        """Write down a sign of its user."""
        ...

    def end(self, digests: Sequence[str], act: Act) -> None:
        """End sessions; those that are over already are nothing new."""
        ...

    def of(self, account: str) -> list[Session]:
        """The sessions of an account, the newest first."""
        ...


class Keys(Protocol):
    """The API keys of a site."""

    def add(self, key: ApiKey, act: Act) -> None:
        """A new key."""
        ...

    def find(self, digest: str) -> tuple[ApiKey, User]:
        """A key with its owner; raises NotSignedIn."""
        ...

    def revoke(self, key_id: str, time: datetime, act: Act) -> None:
        """End a key for good; raises NoSuchAccount."""
        ...

    def all(self) -> list[ApiKey]:
        """Every key, the newest first."""
        ...


class Guessing(Protocol):
    """Failed sign-ins, counted for all processes of a site together."""

    def attempt(self, limits: Sequence[Limit], now: datetime) -> None:
        """Count a guess before it is checked; raises TooManyGuesses and counts nothing then."""
        ...

    def right(self, limits: Sequence[Limit]) -> None:
        """The guess that was counted last was none: the first subject's failures are forgotten."""
        ...


class Passwords(Protocol):
    """The slow function that keeps passwords."""

    def kept(self, password: str) -> str:
        """What is kept of a password: its hash with salt and costs."""
        ...

    def right(self, kept: str | None, password: str) -> bool:
        """Whether it is that password; takes as long where nothing is kept."""
        ...

    def outdated(self, kept: str) -> bool:
        """Whether today's costs differ from those it was kept with."""
        ...


@dataclass(frozen=True)
class Accounts:
    """Who may use a site, with the rules of signing in."""

    users: Users
    sessions: Sessions
    keys: Keys
    guessing: Guessing
    passwords: Passwords
    lifetimes: Lifetimes
    new_secret: Callable[[], str]
