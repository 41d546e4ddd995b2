"""Who may: passwords, sessions, guesses, the table of access, each as a rule for itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radlens.domain.access import Access
from radlens.domain.account import Caller, Role, User, keep_an_admin, proper_name
from radlens.domain.errors import BadName, LastAdmin, NoSuchRoute, WeakPassword
from radlens.domain.guessing import FORGOTTEN, LONGEST, Guesses, Limit, limits
from radlens.domain.password import COMMON, SHORTEST, accepted
from radlens.domain.sitting import Lifetimes

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
RULES = Lifetimes()
ROLES = st.sampled_from(list(Role))
moments = st.timedeltas(timedelta(0), timedelta(days=2))


@given(st.text(max_size=SHORTEST - 1))
def test_a_short_password_is_refused_whatever_it_is_made_of(password: str) -> None:
    with pytest.raises(WeakPassword):
        accepted(password, "somebody")


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaa",
        "ababababababab",
        "123456789012",
        "qwertyuiopasdf",
        "Password12345!",
        "PASSWORD password 1",
        "doctor.who2026",
        "doctor.whodoctor.who",
        "radlens-2026-!!",
        "x" * 1025,
    ],
)
def test_what_guessing_begins_with_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        accepted(password, "doctor.who")


@given(st.sampled_from(sorted(COMMON)), st.text("0123456789!?.- ", max_size=20))
def test_a_common_word_stays_common_with_digits_and_signs_around_it(word: str, more: str) -> None:
    for password in (word + more, more + word, word.upper() + more):
        with pytest.raises(WeakPassword):
            accepted(password, "somebody")


@pytest.mark.parametrize(
    "password",
    ["four words in here", "тихий старый дом", "a b c d e f g h i", "p" + "ö" * 3 + "xyz wäre gut"],
)
def test_length_is_enough_and_spaces_and_letters_of_any_kind_count(password: str) -> None:
    assert accepted(password, "somebody")


def test_letters_that_look_alike_are_the_same_password() -> None:
    assert accepted("scho\u0308ne gru\u0308ne Berge", "x") == accepted(
        "sch\u00f6ne gr\u00fcne Berge", "x"
    )


@given(moments, moments)
def test_a_session_lives_while_it_is_used_and_never_beyond_its_whole_life(
    seen: timedelta, later: timedelta
) -> None:
    session = RULES.begin(digest="d", account="a", now=NOW, origin="")
    used = type(session)(**{**vars(session), "seen": NOW + seen})
    now = NOW + seen + later
    assert RULES.alive(used, now) == (later < RULES.idle and seen + later < RULES.whole)


@given(st.timedeltas(timedelta(minutes=3), timedelta(days=300)))
def test_a_clock_that_was_set_back_makes_no_session_longer(back: timedelta) -> None:
    session = RULES.begin(digest="d", account="a", now=NOW, origin="")
    assert not RULES.alive(session, NOW - back)


def test_a_sign_of_life_is_written_down_often_enough_to_keep_a_session_and_not_each_time() -> None:
    for idle in (timedelta(minutes=1), timedelta(minutes=30)):
        rules = Lifetimes(idle, timedelta(hours=12))
        session = rules.begin(digest="d", account="a", now=NOW, origin="")
        assert not rules.due(session, NOW + timedelta(seconds=1))
        assert rules.due(session, NOW + idle / 2)


LIMIT = Limit("somebody from somewhere", 5)


@given(st.integers(0, 10_000))
def test_waiting_grows_with_failures_and_is_bounded(failures: int) -> None:
    first, second = (LIMIT.wait(Guesses(failures + n, NOW), NOW) for n in (0, 1))
    assert timedelta(0) <= first <= second <= LONGEST
    assert (first > timedelta(0)) == (failures >= LIMIT.free)


@given(st.integers(0, 10_000), moments)
def test_waiting_is_over_after_the_pause_and_failures_are_forgotten(
    failures: int, later: timedelta
) -> None:
    known = Guesses(failures, NOW)
    pause = LIMIT.wait(known, NOW)
    assert LIMIT.wait(known, NOW + pause) == timedelta(0)
    assert LIMIT.wait(known, NOW - later) <= LONGEST  # the clock was set back
    assert LIMIT.wait(known, NOW + FORGOTTEN) == timedelta(0)


@given(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str))
def test_guesses_from_one_address_never_count_for_another(mine: str, theirs: str) -> None:
    shared = {a.subject for a in limits("me", mine)} & {b.subject for b in limits("me", theirs)}
    assert bool(shared) == (mine == theirs)


def test_an_ipv6_network_is_one_guesser_and_a_mapped_address_is_the_one_that_it_maps() -> None:
    assert limits("me", "2001:db8::1") == limits("me", "2001:db8::ffff:1")
    assert limits("me", "2001:db8::1") != limits("me", "2001:db8:0:1::1")
    assert limits("me", "::ffff:192.0.2.7") == limits("me", "192.0.2.7")


@given(ROLES, ROLES, st.sets(ROLES))
def test_a_key_may_no_more_than_its_owner_and_no_more_than_it_was_made_for(
    owner: Role, scope: Role, roles: set[Role]
) -> None:
    key = Caller("id", "name", owner, "api", scope=scope)
    assert key.may(roles) == (owner in roles and scope in roles)


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "x" * 101, "a\nb", "<b>", "a/b", "ä"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        proper_name(name)


def test_names_differ_by_more_than_their_capitals() -> None:
    assert proper_name(" Dr.Who@Example.ORG ") == "dr.who@example.org"


def test_a_site_keeps_an_administrator() -> None:
    admin = User("1", "a", Role.ADMIN, "local", NOW)
    reader = User("2", "b", Role.READER, "local", NOW)
    keep_an_admin([reader, admin])
    for left in ([], [reader], [User("1", "a", Role.ADMIN, "local", NOW, disabled=NOW), reader]):
        with pytest.raises(LastAdmin):
            keep_an_admin(left)


TABLE = Access.from_toml(
    """
    [groups]
    some = ["reader"]
    [pages]
    history = "some"
    [websocket]
    "/stream" = "some"
    [http]
    "GET /a/{id}" = "some"
    "GET /a/open" = "anyone"
    "* /b/{rest:path}" = "nobody"
    [commands]
    "c" = "operator"
    """
)


@pytest.mark.parametrize(
    ("method", "path", "roles", "open_"),
    [
        ("GET", "/a/1", {"reader"}, False),
        ("HEAD", "/a/1", {"reader"}, False),
        ("GET", "/a/open", set(), True),
        ("GET", "/history", {"reader"}, False),
        ("PUT", "/b/1/2", set(), False),
    ],
)
def test_a_request_gets_the_row_that_fits_it(method, path, roles, open_) -> None:
    row = TABLE.route(method, path)
    assert (row.roles, row.open) == (roles, open_)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/a/1"),
        ("GET", "/a/"),
        ("GET", "/a/1/2"),
        ("GET", "//a/1"),
        ("GET", "/a/{id}/"),
        ("GET", "/history/"),
        ("GET", "/"),
        ("GET", ""),
        ("POST", "/history"),
        ("GET", "/stream"),
    ],
)
def test_what_fits_no_row_has_none(method: str, path: str) -> None:
    with pytest.raises(NoSuchRoute):
        TABLE.route(method, path)
