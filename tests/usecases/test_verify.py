"""Whoever bends the record is found, with the entry that was touched, and nobody else."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.checkpoint import Checkpoint
from radlens.domain.errors import BrokenChain, StorageUnavailable, UnknownSigner
from radlens.ports import Site
from radlens.storage.seal import FileSeal
from radlens.usecases.checkpoint import checkpoint
from radlens.usecases.predict import predict
from radlens.usecases.verify import verify_and_note, verify_records
from tests import long_log
from tests.builders import picture, png, tiny_site
from tests.storage.samples import NOON, a_prediction, an_act
from tests.tampering import TAMPERINGS, place, rewrite

ME = Actor("tester", "cli")
EVERY = 10


def fill(site: Site, count: int) -> None:
    for number in range(count):
        site.trail.note(Act(NOON, ME, Verb.VIEW, str(number), {"number": number}))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A log of 35 entries, three checkpoints by themselves and one on demand."""
    with tiny_site(tmp_path, gallery="none", audit_every=EVERY) as opened:
        fill(opened, 35)
        checkpoint(opened, every=EVERY)
        yield opened


def test_an_untouched_log_verifies_and_says_up_to_where_it_is_signed(site):
    fill(site, 3)
    found = verify_records(site)
    assert (found.entries, found.sealed, found.notes) == (38, 35, ())
    assert found.keys == (site.seal.key(),)


def test_checkpoints_are_made_by_themselves_and_stand_in_both_places(site):
    assert [one.seq for one in site.trail.checkpoints()] == [10, 20, 30, 35]
    assert site.seal.kept() == site.trail.checkpoints()


@pytest.mark.parametrize("seq", [1, 7, 10, 11, 29, 30])
@pytest.mark.parametrize("kind", TAMPERINGS)
def test_a_touched_entry_is_named(site, tmp_path, kind, seq):
    rewrite(tmp_path, lambda rows: TAMPERINGS[kind](rows, seq))
    with pytest.raises(BrokenChain) as caught:
        verify_records(site)
    assert caught.value.entry == seq
    assert str(seq) in caught.value.message


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_a_touched_entry_is_named_where_predictions_follow_and_the_signature_is_far(tmp_path, kind):
    """Behind a moved entry no prediction stands at its own any more, long before the signature."""
    with tiny_site(tmp_path, gallery="none", audit_every=300) as site:
        long_log.fill(tmp_path, 300, each=5)
        checkpoint(site, every=300)
        rewrite(tmp_path, lambda rows: TAMPERINGS[kind](rows, 8))
        with pytest.raises(BrokenChain) as caught:
            verify_records(site)
    assert caught.value.entry == 8


@pytest.mark.parametrize("gone", ["table", "mirror"])
def test_one_of_the_two_places_is_enough_to_find_a_chain_that_was_taken_again(site, tmp_path, gone):
    rewrite(tmp_path, lambda rows: TAMPERINGS["edited, every digest taken again"](rows, 17))
    if gone == "mirror":
        site.seal.mirror.unlink()
    else:
        with closing(place(tmp_path)) as database, database:
            database.execute("DELETE FROM checkpoints")
    with pytest.raises(BrokenChain, match="entry 17"):
        verify_records(site)


def test_a_place_that_lost_checkpoints_is_said_and_gets_them_again(site):
    lines = site.seal.mirror.read_text().splitlines()
    site.seal.mirror.write_text("".join(f"{line}\n" for line in lines[:2]))
    assert verify_records(site).notes == ("2 checkpoints are not in the second place.",)
    checkpoint(site, every=EVERY)
    assert verify_records(site).notes == ()


def test_a_line_that_a_crash_cut_short_hinders_neither_the_next_nor_verifying(site):
    with site.seal.mirror.open("ab") as mirror:
        mirror.write(b'{"seq": 40, "dig')
    fill(site, EVERY)
    assert verify_records(site).sealed == 45
    assert site.seal.kept() == site.trail.checkpoints()


def test_a_checkpoint_that_was_edited_is_named(site, tmp_path):
    with closing(place(tmp_path)) as database, database:
        database.execute("UPDATE checkpoints SET digest = ? WHERE seq = 20", ("e" * 64,))
    with pytest.raises(BrokenChain, match="checkpoint of audit entry 20"):
        verify_records(site)


def test_whoever_signs_a_bent_log_with_a_key_of_his_own_is_found(site, tmp_path):
    rewrite(tmp_path, lambda rows: TAMPERINGS["edited, every digest taken again"](rows, 17))
    with closing(place(tmp_path)) as database, database:
        database.execute("DELETE FROM checkpoints")
    site.seal.mirror.unlink()
    other = FileSeal(tmp_path / "other.key", site.seal.mirror)
    key = other.key()
    with tiny_site(tmp_path, gallery="none", audit_key=str(other.secret)) as forger:
        checkpoint(forger, every=EVERY)
        assert verify_records(forger).sealed == 35
    with pytest.raises(UnknownSigner, match=key):
        verify_records(site)


def test_a_lost_key_is_said_and_can_be_named_as_the_sites_own_of_before(site):
    before = site.seal.key()
    site.seal.secret.unlink()
    with pytest.raises(UnknownSigner, match="holds no key"):
        verify_records(site)
    assert not site.seal.secret.exists()
    fill(site, EVERY)  # and so a new key is made
    with pytest.raises(UnknownSigner, match=before):
        verify_records(site)
    found = verify_records(site, trusted=[before])
    assert set(found.keys) == {before, site.seal.key()}
    [told] = (e for e in site.trail.entries() if e.act.verb == Verb.CHANGE_SETTINGS)
    assert told.act.detail == {"audit_key": site.seal.key(), "before": before}


def test_a_log_that_does_not_fit_is_never_signed(site, tmp_path):
    fill(site, 5)
    rewrite(tmp_path, lambda rows: TAMPERINGS["edited"](rows, 38))
    with pytest.raises(BrokenChain, match="entry 38"):
        checkpoint(site, every=EVERY)
    assert site.trail.checkpoints()[-1].seq == 35


def test_a_second_place_that_cannot_be_written_hinders_no_answer_and_is_logged(site, caplog):
    site.seal.mirror.unlink()
    site.seal.mirror.mkdir()
    fill(site, EVERY)
    assert site.trail.ends() == (45, 45)
    assert "No checkpoint of the audit log" in caplog.text
    with pytest.raises(StorageUnavailable):
        verify_records(site)


def test_key_and_checkpoints_are_readable_by_this_user_only(site):
    assert site.seal.secret.stat().st_mode & 0o777 == 0o600
    assert site.seal.mirror.stat().st_mode & 0o777 == 0o600


def test_a_prediction_beside_the_log_is_found(site, tmp_path):
    prediction = a_prediction("real")
    site.records.add(prediction, an_act(prediction))  # its entry tells of no record
    with pytest.raises(BrokenChain, match="at audit entry 36 was inserted"):
        verify_records(site)


def test_to_verify_is_itself_an_entry_whatever_was_found(site, tmp_path):
    verify_and_note(site, by=ME)
    rewrite(tmp_path, lambda rows: TAMPERINGS["edited"](rows, 3))
    with pytest.raises(BrokenChain):
        verify_and_note(site, by=ME)
    with closing(place(tmp_path)) as database:
        said = database.execute("SELECT outcome, detail FROM audit WHERE verb = 'verify-audit'")
        outcomes = [(outcome, json.loads(detail)) for outcome, detail in said]
    assert outcomes[0] == ("done", {"entries": 35, "sealed": 35})
    assert outcomes[1][0] == "failed"
    assert "entry 3" in outcomes[1][1]["found"]


def test_nothing_is_signed_where_nothing_is_put_on_record(tmp_path):
    with tiny_site(tmp_path, gallery="none", record=False) as site:
        fill(site, 3)
        assert checkpoint(site, every=1) == list[Checkpoint]()
        assert verify_records(site).entries == 3
        assert not list(tmp_path.glob("audit*"))


def test_a_clock_that_is_set_back_breaks_nothing_and_is_remarked_on(tmp_path):
    with tiny_site(tmp_path) as site:
        # Later than the entries of the models that a new site registers by itself.
        noon = site.clock() + timedelta(hours=2)
        times = [noon, noon + timedelta(seconds=30), noon, noon - timedelta(hours=1), noon]
        for seed, time in enumerate(times):
            at_that_time = replace(site, clock=lambda time=time: time)
            predict(at_that_time, png(picture(seed)), task="chest-xray", by=ME)
        found = [prediction.time for prediction in site.records.history(limit=9)]
        assert found == times[::-1]
        last = site.trail.ends()[0]
        [note] = [note for note in verify_records(site).notes if "clock" in note]
        assert note == (
            f"1 entries are earlier than the one before, first {last - 1}: "
            "the clock was set back there."
        )
