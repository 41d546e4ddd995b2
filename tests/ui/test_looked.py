"""A page runs again at every click, and the log tells of one look for each session."""

import sqlite3
from contextlib import closing

from radlens.domain.audit import Verb
from radlens.usecases.predict import predict
from tests.builders import picture, png
from tests.ui.conftest import GOOD, READER


def looks(site) -> list[str]:
    return [entry.act.subject for entry in site.trail.entries() if entry.act.verb == Verb.VIEW]


def test_however_often_the_page_runs_a_look_is_one_entry_for_each_session(site, history):
    made = predict(site, png(picture()), task="chest-xray", by=READER.actor)
    page = history(prediction=made.id)
    for _ in range(3):
        page.at.run()
    assert looks(site) == [made.id]
    history(prediction=made.id)
    assert looks(site) == [made.id] * 2


def test_the_list_is_one_look_for_each_of_its_pages(site, history):
    predict(site, png(picture()), task="chest-xray", by=READER.actor)
    page = history()
    page.at.run()
    assert looks(site) == ["history"]


def test_whoever_reads_an_image_has_seen_its_answer_by_the_reading_itself(site, visit):
    page = visit().send(GOOD)
    page.at.run()
    assert looks(site) == []


def test_a_look_that_cannot_be_put_on_record_shows_nothing(site, history, tmp_path):
    made = predict(site, png(picture()), task="chest-xray", by=READER.actor)
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute("ALTER TABLE audit RENAME TO elsewhere")
    page = history(prediction=made.id)
    assert 'role="alert"' in page.text
    assert made.model.digest not in page.text
    assert not page.at.subheader
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute("ALTER TABLE elsewhere RENAME TO audit")
    page.at.run()
    assert made.model.digest in page.text
