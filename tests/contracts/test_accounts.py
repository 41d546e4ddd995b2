"""Every database keeps accounts, sessions, keys and guesses alike, each act with its entry."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from radlens.domain.account import ApiKey, Role, Session, User
from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import (
    LastAdmin,
    NameTaken,
    NoSuchAccount,
    NotAllowed,
    NotSignedIn,
    TooManyGuesses,
)
from radlens.domain.guessing import Limit
from radlens.storage.accounts import SqlKeys, SqlSessions, SqlUsers
from radlens.storage.database import Database
from radlens.storage.guesses import SqlGuessing
from radlens.storage.trail import SqlTrail

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
CHIEF = User("id-1", "chief", Role.ADMIN, "local", NOW, password="$argon2id$...")  # noqa: S106
READER = User("id-2", "reader", Role.READER, "oidc", NOW)
DIGEST, OTHER = "a" * 64, "b" * 64
SESSION = Session(DIGEST, "id-1", NOW, NOW, NOW + timedelta(hours=12), "192.0.2.1")
KEY = ApiKey(DIGEST, "key-1", "id-1", "robot", Role.READER, NOW, NOW + timedelta(days=9))


def act(verb: str = Verb.ADD_USER, time: datetime = NOW) -> Act:
    return Act(time, Actor("chief", "page", "192.0.2.1"), verb, "somebody", {"a": 1})


@pytest.fixture
def users(database: Database) -> SqlUsers:
    store = SqlUsers(database)
    store.add(CHIEF, act())
    store.add(READER, act())
    return store


@pytest.fixture
def sessions(database: Database, users: SqlUsers) -> SqlSessions:
    return SqlSessions(database)


@pytest.fixture
def keys(database: Database, users: SqlUsers) -> SqlKeys:
    return SqlKeys(database)


def entries(database: Database) -> list[str]:
    return [entry.act.verb for entry in SqlTrail(database).entries()]


def test_an_account_comes_back_as_it_was_added(users: SqlUsers) -> None:
    assert users.get("chief") == CHIEF
    assert users.all() == [CHIEF, READER]
    with pytest.raises(NoSuchAccount):
        users.get("nobody")


def test_a_name_is_given_once_and_the_second_leaves_no_entry(users, database) -> None:
    with pytest.raises(NameTaken):
        users.add(replace(READER, id="id-3"), act())
    assert len(entries(database)) == 2


def test_a_change_is_kept_with_its_entry(users: SqlUsers, database: Database) -> None:
    users.change(replace(READER, role=Role.ENGINEER, disabled=NOW), act(Verb.CHANGE_USER))
    assert users.get("reader") == replace(READER, role=Role.ENGINEER, disabled=NOW)
    assert entries(database)[-1] == Verb.CHANGE_USER


@pytest.mark.parametrize("change", [{"role": Role.READER}, {"disabled": NOW}])
def test_the_last_administrator_stays_and_nothing_is_written(users, database, change) -> None:
    with pytest.raises(LastAdmin):
        users.change(replace(CHIEF, **change), act(Verb.CHANGE_USER))
    assert users.get("chief") == CHIEF
    assert len(entries(database)) == 2


@pytest.mark.parametrize("change", [{"password": "another"}, {"disabled": NOW}])
def test_a_new_password_and_an_end_sign_out_everywhere(users, sessions, change) -> None:
    users.change(replace(READER, role=Role.ADMIN), act())
    sessions.add(SESSION, act(Verb.SIGN_IN))
    users.change(replace(CHIEF, **change), act(Verb.CHANGE_USER))
    with pytest.raises(NotSignedIn):
        sessions.find(DIGEST)


def test_the_same_password_kept_anew_signs_nobody_out_and_is_no_act(users, sessions, database):
    sessions.add(SESSION, act(Verb.SIGN_IN))
    users.change(replace(CHIEF, password="$argon2id$other"), None)  # noqa: S106
    assert sessions.find(DIGEST)[1].password == "$argon2id$other"  # noqa: S105
    assert entries(database)[-1] == Verb.SIGN_IN


def test_a_site_is_set_up_once_by_the_newest_link(database: Database) -> None:
    users = SqlUsers(database)
    assert users.invite(OTHER, NOW + timedelta(hours=24))
    assert users.invite(DIGEST, NOW + timedelta(hours=24))
    with pytest.raises(NotAllowed):
        users.set_up(CHIEF, act(Verb.SET_UP), digest=OTHER)
    with pytest.raises(NotAllowed):
        users.set_up(CHIEF, act(Verb.SET_UP, NOW + timedelta(hours=24)), digest=DIGEST)
    assert users.all() == []
    users.set_up(CHIEF, act(Verb.SET_UP), digest=DIGEST)
    with pytest.raises(NotAllowed):
        users.set_up(replace(READER, role=Role.ADMIN), act(Verb.SET_UP), digest=DIGEST)
    assert not users.invite(DIGEST, NOW + timedelta(hours=24))
    assert users.all() == [CHIEF]
    assert entries(database) == [Verb.SET_UP]


def test_an_account_that_was_added_otherwise_ends_the_link(database: Database) -> None:
    users = SqlUsers(database)
    users.invite(DIGEST, NOW + timedelta(hours=24))
    users.add(CHIEF, act())
    with pytest.raises(NotAllowed):
        users.set_up(replace(READER, role=Role.ADMIN), act(Verb.SET_UP), digest=DIGEST)


def test_one_link_followed_by_many_at_once_makes_one_administrator(database: Database) -> None:
    users = SqlUsers(database)
    users.invite(DIGEST, NOW + timedelta(hours=24))

    def follow(number: int) -> bool:
        user = replace(CHIEF, id=f"id-{number}", name=f"chief-{number}")
        try:
            users.set_up(user, act(Verb.SET_UP), digest=DIGEST)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(follow, range(8))) == 1
    assert len(users.all()) == 1


def test_a_session_comes_back_with_its_account_until_it_is_ended(sessions, database) -> None:
    sessions.add(SESSION, act(Verb.SIGN_IN))
    assert sessions.find(DIGEST) == (SESSION, CHIEF)
    sessions.seen(DIGEST, NOW + timedelta(minutes=5))
    assert sessions.find(DIGEST)[0].seen == NOW + timedelta(minutes=5)
    sessions.end([DIGEST, OTHER], act(Verb.SIGN_OUT))
    for digest in (DIGEST, OTHER):
        with pytest.raises(NotSignedIn):
            sessions.find(digest)
    assert entries(database)[-2:] == [Verb.SIGN_IN, Verb.SIGN_OUT]


def test_the_sessions_of_an_account_are_listed_and_long_ended_ones_are_dropped(sessions) -> None:
    late = NOW + timedelta(days=1)
    newer = replace(SESSION, digest=OTHER, began=late, expires=late + timedelta(hours=12))
    sessions.add(SESSION, act())
    assert sessions.of("id-1") == [SESSION]
    sessions.add(newer, act())
    assert sessions.of("id-1") == [newer]
    assert sessions.of("id-2") == []


def test_a_key_comes_back_with_its_owner_and_is_revoked_once(keys, database) -> None:
    keys.add(KEY, act(Verb.ADD_KEY))
    assert keys.find(DIGEST) == (KEY, CHIEF)
    assert keys.all() == [KEY]
    keys.revoke("key-1", NOW, act(Verb.REVOKE_KEY))
    keys.revoke("key-1", NOW + timedelta(days=1), act(Verb.REVOKE_KEY))
    assert keys.find(DIGEST)[0].revoked == NOW
    assert entries(database)[-2:] == [Verb.ADD_KEY, Verb.REVOKE_KEY]
    with pytest.raises(NoSuchAccount):
        keys.revoke("key-2", NOW, act(Verb.REVOKE_KEY))
    with pytest.raises(NotSignedIn):
        keys.find(OTHER)


HERE, PLACE = Limit("chief from here", 3), Limit("from here", 6)


def test_guesses_are_counted_before_they_are_checked_also_at_the_same_time(database) -> None:
    guessing = SqlGuessing(database)

    def guess(_: int) -> bool:
        try:
            guessing.attempt([HERE, PLACE], NOW)
        except TooManyGuesses as error:
            return error.wait_s < 1
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(24))) == HERE.free


def test_what_is_refused_for_now_is_not_counted_and_waiting_helps(database) -> None:
    guessing = SqlGuessing(database)
    for _ in range(HERE.free):
        guessing.attempt([HERE, PLACE], NOW)
    for _ in range(50):
        with pytest.raises(TooManyGuesses):
            guessing.attempt([HERE, PLACE], NOW)
    guessing.attempt([HERE, PLACE], NOW + timedelta(seconds=1))


def test_another_address_is_not_held_up_and_being_right_forgets_the_failures(database) -> None:
    guessing = SqlGuessing(database)
    for _ in range(HERE.free):
        guessing.attempt([HERE, PLACE], NOW)
    elsewhere = [Limit("chief from elsewhere", 3), Limit("from elsewhere", 6)]
    guessing.attempt(elsewhere, NOW)
    guessing.right(elsewhere)
    guessing.attempt([HERE, PLACE], NOW + timedelta(seconds=2))
    guessing.right([HERE, PLACE])
    for _ in range(HERE.free - 1):
        guessing.attempt([HERE, Limit("from here", 100)], NOW + timedelta(seconds=3))


def test_whoever_guesses_at_many_accounts_is_held_up_by_address(database) -> None:
    guessing = SqlGuessing(database)
    for number in range(PLACE.free):
        guessing.attempt([Limit(f"user-{number} from here", 3), PLACE], NOW)
    with pytest.raises(TooManyGuesses):
        guessing.attempt([Limit("user-99 from here", 3), PLACE], NOW)
