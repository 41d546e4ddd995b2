"""Accounts, sessions and API keys of a site, on whatever database it has."""
# ruff: noqa: S608 (the only text put into a statement is this module's own column lists)

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from radlens.domain.account import ApiKey, Role, Session, User, keep_an_admin
from radlens.domain.audit import Act
from radlens.domain.errors import (
    DigestMismatch,
    NameTaken,
    NoSuchAccount,
    NotAllowed,
    NotSignedIn,
)
from radlens.storage.database import Database, Transaction
from radlens.storage.rows import time_of, zoned
from radlens.storage.statements import append

USER = "id, name, role, source, created, disabled, password"
SESSION = "digest, account, began, seen, expires, origin"
KEY = "digest, id, account, name, role, created, expires, revoked"
INVITATION = "set-up"


class SqlUsers:
    """The accounts of a site in its database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user: User, act: Act) -> None:
        with self._database.writing() as sql:
            _insert(sql, user)
            append(sql, act)

    def change(self, user: User, act: Act | None) -> None:
        with self._database.writing() as sql:
            before = _user(sql, user.name)
            sql.execute(
                "UPDATE users SET role = ?, disabled = ?, password = ? WHERE id = ?",
                (user.role.value, _maybe(user.disabled), user.password, before.id),
            )
            keep_an_admin(_users(sql))
            if act is not None:
                if user.disabled or user.password != before.password:
                    sql.execute("DELETE FROM sessions WHERE account = ?", (before.id,))
                append(sql, act)

    def get(self, name: str) -> User:
        with self._database.reading() as sql:
            return _user(sql, name)

    def all(self) -> list[User]:
        with self._database.reading() as sql:
            return _users(sql)

    def invite(self, digest: str, expires: datetime) -> bool:
        with self._database.writing() as sql:
            if _users(sql):
                return False
            value = json.dumps({"digest": digest, "expires": zoned(expires)})
            sql.execute("DELETE FROM site_facts WHERE name = ?", (INVITATION,))
            sql.execute("INSERT INTO site_facts (name, value) VALUES (?, ?)", (INVITATION, value))
            return True

    def set_up(self, user: User, act: Act, *, digest: str) -> None:
        with self._database.writing() as sql:
            row = sql.execute(
                "SELECT value FROM site_facts WHERE name = ?", (INVITATION,)
            ).fetchone()
            known = json.loads(row[0]) if row else {}
            if known.get("digest") != digest or time_of(known["expires"]) <= act.time:
                raise NotAllowed(
                    "This set-up link is not valid, or not any more.",
                    hint="The server prints a new one when it is started again.",
                )
            _insert(sql, user)
            append(sql, act)


class SqlSessions:
    """The sessions of a site in its database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, session: Session, act: Act) -> None:
        row = (session.digest, session.account, zoned(session.began), zoned(session.seen))
        with self._database.writing() as sql:
            for old in _sessions(sql, session.account):
                if old.expires <= session.began:
                    sql.execute("DELETE FROM sessions WHERE digest = ?", (old.digest,))
            sql.execute(
                f"INSERT INTO sessions ({SESSION}) VALUES (?, ?, ?, ?, ?, ?)",
                (*row, zoned(session.expires), session.origin),
            )
            append(sql, act)

    def find(self, digest: str) -> tuple[Session, User]:
        with self._database.reading() as sql:
            row = sql.execute(
                f"SELECT {_of('s', SESSION)}, {_of('u', USER)} FROM sessions s "
                "JOIN users u ON u.id = s.account WHERE s.digest = ?",
                (digest,),
            ).fetchone()
        if row is None:
            raise NotSignedIn("This session has ended.")
        return _session_of(row[:6]), _user_of(row[6:])

    def seen(self, digest: str, time: datetime) -> None:
        with self._database.writing() as sql:
            sql.execute("UPDATE sessions SET seen = ? WHERE digest = ?", (zoned(time), digest))

    def end(self, digests: Sequence[str], act: Act) -> None:
        with self._database.writing() as sql:
            for digest in digests:
                sql.execute("DELETE FROM sessions WHERE digest = ?", (digest,))
            append(sql, act)

    def of(self, account: str) -> list[Session]:
        with self._database.reading() as sql:
            return _sessions(sql, account)


class SqlKeys:
    """The API keys of a site in its database; raises what ``Database`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: ApiKey, act: Act) -> None:
        times = (zoned(key.created), zoned(key.expires), _maybe(key.revoked))
        with self._database.writing() as sql:
            sql.execute(
                f"INSERT INTO api_keys ({KEY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (key.digest, key.id, key.account, key.name, key.role.value, *times),
            )
            append(sql, act)

    def find(self, digest: str) -> tuple[ApiKey, User]:
        with self._database.reading() as sql:
            row = sql.execute(
                f"SELECT {_of('k', KEY)}, {_of('u', USER)} FROM api_keys k "
                "JOIN users u ON u.id = k.account WHERE k.digest = ?",
                (digest,),
            ).fetchone()
        if row is None:
            raise NotSignedIn("This API key is not known.")
        return _key_of(row[:8]), _user_of(row[8:])

    def revoke(self, key_id: str, time: datetime, act: Act) -> None:
        with self._database.writing() as sql:
            row = sql.execute("SELECT revoked FROM api_keys WHERE id = ?", (key_id,)).fetchone()
            if row is None:
                raise NoSuchAccount(
                    f"There is no API key {key_id}.", hint="`radlens keys list` names the keys."
                )
            if row[0] is None:
                sql.execute("UPDATE api_keys SET revoked = ? WHERE id = ?", (zoned(time), key_id))
                append(sql, act)

    def all(self) -> list[ApiKey]:
        with self._database.reading() as sql:
            rows = sql.execute(f"SELECT {KEY} FROM api_keys").fetchall()
        return sorted(map(_key_of, rows), key=lambda key: key.created, reverse=True)


def _insert(sql: Transaction, user: User) -> None:
    if sql.execute("SELECT id FROM users WHERE name = ?", (user.name,)).fetchone():
        raise NameTaken(f"There is an account {user.name} already.")
    # Whoever was invited to set the site up comes too late now.
    sql.execute("DELETE FROM site_facts WHERE name = ?", (INVITATION,))
    sql.execute(
        f"INSERT INTO users ({USER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            user.id,
            user.name,
            user.role.value,
            user.source,
            zoned(user.created),
            _maybe(user.disabled),
            user.password,
        ),
    )


def _user(sql: Transaction, name: str) -> User:
    row = sql.execute(f"SELECT {USER} FROM users WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NoSuchAccount(f"There is no account {name}.")
    return _user_of(row)


def _users(sql: Transaction) -> list[User]:
    rows = sql.execute(f"SELECT {USER} FROM users ORDER BY name").fetchall()
    return [_user_of(row) for row in rows]


def _sessions(sql: Transaction, account: str) -> list[Session]:
    rows = sql.execute(f"SELECT {SESSION} FROM sessions WHERE account = ?", (account,)).fetchall()
    return sorted(map(_session_of, rows), key=lambda session: session.began, reverse=True)


def _user_of(row: Sequence[Any]) -> User:
    key, name, role, source, created, disabled, password = row
    try:
        since = None if disabled is None else time_of(disabled)
        return User(key, name, Role(role), source, time_of(created), since, password)
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"The account {key} cannot be read as it was written.") from error


def _session_of(row: Sequence[Any]) -> Session:
    digest, account, began, seen, expires, origin = row
    try:
        return Session(digest, account, time_of(began), time_of(seen), time_of(expires), origin)
    except (ValueError, TypeError) as error:
        raise DigestMismatch("A session cannot be read as it was written.") from error


def _key_of(row: Sequence[Any]) -> ApiKey:
    digest, key, account, name, role, created, expires, revoked = row
    try:
        since = None if revoked is None else time_of(revoked)
        return ApiKey(
            digest, key, account, name, Role(role), time_of(created), time_of(expires), since
        )
    except (ValueError, TypeError) as error:
        raise DigestMismatch(f"The API key {key} cannot be read as it was written.") from error


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns.split(", "))


def _maybe(time: datetime | None) -> str | None:
    return None if time is None else zoned(time)
