"""The key that turns identities into pseudonyms: one for a site, in a file of its own."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from radlens.domain.errors import BadSettings, StorageUnavailable
from radlens.domain.pseudonym import Identity
from radlens.storage.pseudonyms import FileKey, HmacPseudonymiser

JANE = Identity("CITY", "4711", "1.2.3")


def under(key: bytes) -> HmacPseudonymiser:
    return HmacPseudonymiser(lambda: key)


def test_the_same_patient_is_known_again_under_the_same_key_alone():
    one, again, elsewhere = (under(key).of(JANE) for key in (b"a" * 32, b"a" * 32, b"b" * 32))
    assert (one.patient, one.study) == (again.patient, again.study)
    assert one.patient != elsewhere.patient
    assert one.study != elsewhere.study
    assert one.patient not in {sha256(text).hexdigest() for text in (b"4711", b"CITY4711")}


@pytest.mark.parametrize(
    "other",
    [
        Identity("CITY", "4712", "1.2.3"),
        Identity("", "4711", "1.2.3"),
        Identity("TOWN", "4711", "1.2.3"),
        Identity("CITY4", "711", "1.2.3"),
    ],
)
def test_another_patient_or_another_issuer_has_another_pseudonym(other):
    one, two = under(b"a" * 32).of(JANE), under(b"a" * 32).of(other)
    assert one.patient != two.patient
    assert one.study != two.study


def test_studies_of_a_patient_are_told_apart_and_no_study_is_none():
    one, two, none = (under(b"a" * 32).of(Identity("", "4711", uid)) for uid in ("1.2", "1.3", ""))
    assert one.patient == two.patient == none.patient
    assert len({one.study, two.study, one.patient}) == 3
    assert none.study == ""


def test_what_the_log_holds_tells_two_images_of_a_patient_apart():
    """Or it would itself be the pseudonym that an erasure is to take away."""
    one, two = under(b"a" * 32).of(JANE), under(b"a" * 32).of(JANE)
    assert one.salt != two.salt
    assert one.commitment != two.commitment


def test_a_key_is_made_once_for_this_user_alone(tmp_path: Path):
    place = tmp_path / "patient.key"
    with ThreadPoolExecutor(8) as threads:
        [key] = set(threads.map(lambda _: FileKey(place)(), range(16)))
    assert len(key) == 32
    assert place.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["patient.key"]


@pytest.mark.parametrize("text", ["", "ab" * 31, "no key", "\xe4" * 64])
def test_a_key_that_is_none_is_refused_and_left_as_it_is(tmp_path: Path, text):
    place = tmp_path / "patient.key"
    place.write_text(text)
    with pytest.raises(BadSettings, match=r"patient\.key"):
        FileKey(place)()
    assert place.read_text() == text


def test_a_key_that_was_named_is_not_made(tmp_path: Path):
    with pytest.raises(BadSettings, match="not there"):
        FileKey(tmp_path / "named.key", make=False)()
    with pytest.raises(StorageUnavailable):
        FileKey(tmp_path / "no folder" / "patient.key")()
