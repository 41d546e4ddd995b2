"""Whoever looks is on record before anything is shown; what was refused leaves its digest alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from radlens.domain.audit import Act, Actor, Entry, Outcome, Verb, Wanted
from radlens.domain.errors import (
    KeyReused,
    NoSuchLabel,
    NoSuchPrediction,
    StorageUnavailable,
    UnknownTask,
    UnreadableImage,
)
from radlens.ports import Site
from radlens.usecases.batch import batch
from radlens.usecases.disclose import disclose, image, look
from radlens.usecases.history import history
from radlens.usecases.predict import predict
from tests.builders import picture, png, tiny_site

ME = Actor("tester", "api", "192.0.2.7")
TASK = "chest-xray"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path, record=False) as opened:
        yield opened


@pytest.fixture
def read(site: Site) -> str:
    return predict(site, png(picture()), task=TASK, by=ME).id


def last(site: Site) -> Entry:
    return list(site.trail.entries())[-1]


LOOKS: dict[Verb, Callable[[Site, str], object]] = {
    Verb.VIEW: lambda site, key: look(site, key, by=ME),
    Verb.DOWNLOAD_ANSWER: lambda site, key: look(site, key, Verb.DOWNLOAD_ANSWER, by=ME),
    Verb.VIEW_IMAGE: lambda site, key: image(site, key, by=ME),
    Verb.VIEW_HEATMAP: lambda site, key: disclose(
        site, key, Verb.VIEW_HEATMAP, by=ME, label="Mass"
    ),
    Verb.DOWNLOAD_REPORT: lambda site, key: disclose(site, key, Verb.DOWNLOAD_REPORT, by=ME),
}


@pytest.mark.parametrize("verb", LOOKS)
def test_every_look_is_on_record_with_who_and_from_where(site, read, verb):
    assert LOOKS[verb](site, read)
    entry = last(site)
    assert (entry.act.verb, entry.act.subject, entry.act.by) == (verb, read, ME)
    assert entry.act.outcome is Outcome.DONE
    assert entry.act.detail["image"] == site.records.get(read).image.digest


class Mute:
    """An audit log whose disk does not answer."""

    def note(self, act: Act) -> Entry:
        raise StorageUnavailable("The audit log cannot be written.")


@pytest.mark.parametrize("verb", LOOKS)
def test_where_the_look_cannot_be_put_on_record_nothing_is_shown(site, read, verb):
    with pytest.raises(StorageUnavailable):
        LOOKS[verb](replace(site, trail=Mute()), read)


def test_the_list_of_what_is_on_record_is_a_look_too(site, read):
    history(site, limit=9, by=ME)
    assert last(site).act.subject == "history"
    assert last(site).act.detail == {"count": 1}
    with pytest.raises(StorageUnavailable):
        history(replace(site, trail=Mute()), limit=9, by=ME)


def test_what_is_not_there_was_not_looked_at(site, read):
    before = last(site)
    with pytest.raises(NoSuchPrediction):
        look(site, "unknown", by=ME)
    with pytest.raises(NoSuchLabel):
        disclose(site, read, Verb.VIEW_HEATMAP, by=ME, label="Fracture")
    assert last(site) == before


def test_a_refused_upload_is_on_record_by_its_kind_and_digest(site):
    with pytest.raises(UnreadableImage):
        predict(site, b"hello", task=TASK, by=ME)
    entry = last(site)
    assert entry.act.outcome is Outcome.REFUSED
    assert (entry.act.verb, entry.act.subject) == (Verb.PREDICT, sha256(b"hello").hexdigest())
    assert entry.act.detail == {"kind": "UnreadableImage", "task": TASK}


def test_an_unknown_task_is_the_callers_own_word_and_is_not_kept(site):
    with pytest.raises(UnknownTask):
        predict(site, png(picture()), task="DOE^JANE", by=ME)
    assert last(site).act.detail == {"kind": "UnknownTask"}


def test_a_refusal_that_cannot_be_put_on_record_is_unavailable(site):
    with pytest.raises(StorageUnavailable):
        predict(replace(site, trail=Mute()), b"hello", task=TASK, by=ME)


def test_files_of_a_batch_that_cannot_be_read_are_on_record_without_their_names(site, tmp_path):
    (tmp_path / "DOE^JANE.png").write_bytes(b"hello")
    files = [tmp_path / "DOE^JANE.png", tmp_path / "DOE^JOHN.png"]
    list(batch(site, files, task=TASK, by=ME))
    acts = [entry.act for entry in site.trail.search(Wanted(verb=Verb.PREDICT), limit=9)]
    assert {act.subject for act in acts} == {sha256(b"hello").hexdigest(), ""}
    assert {act.outcome for act in acts} == {Outcome.REFUSED}
    assert "DOE" not in repr(acts)


def test_a_key_for_another_request_is_refused_and_on_record(site):
    predict(site, png(picture()), task=TASK, by=ME, key="k")
    with pytest.raises(KeyReused):
        predict(site, png(picture(1)), task=TASK, by=ME, key="k")
    assert last(site).act.detail["kind"] == "KeyReused"
