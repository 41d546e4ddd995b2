"""Blind first: an opinion is on record before its reader sees anything of the answer."""

import pytest

from radlens.domain.audit import Verb
from tests.builders import TASKS
from tests.ui.conftest import GOOD, OTHER

CHEST = TASKS["chest-xray"]
ANSWER = "All findings"


def acts(site, subject: str) -> list[str]:
    return [entry.act.verb for entry in site.trail.entries() if entry.act.subject == subject]


def press(page, label: str) -> None:
    next(button for button in page.at.button if button.label == label).click().run()
    assert not page.at.exception


def shows_the_answer(page) -> bool:
    return ANSWER in [part.value for part in page.at.subheader]


@pytest.fixture
def blind(visit):
    """A page on which blind first is switched on, for a task."""

    def start(task: str = CHEST.name):
        page = visit().task(task)
        page.at.toggle[0].set_value(True).run()
        return page

    return start


def test_nothing_of_the_answer_is_shown_or_told_before_the_opinion(blind, site):
    page = blind().send(GOOD, OTHER)
    assert not shows_the_answer(page)
    assert page.text.count("the answer is shown after your own opinion") == 2
    for hidden in ("confidence", "urgency", "reported", " %"):
        assert hidden not in page.text
    for prediction in site.records.history(limit=9):
        assert Verb.VIEW not in acts(site, prediction.id)


def test_an_opinion_is_kept_with_user_time_and_version_and_then_the_answer_is_shown(blind, site):
    page = blind().send(GOOD)
    [prediction] = site.records.history(limit=9)
    seen, unsure = page.at.button_group
    seen.set_value(["Pneumothorax"])
    unsure.set_value(["Mass", "Pneumothorax"])
    press(page, "Record my opinion, show the answer")
    assert shows_the_answer(page)
    [review] = site.reviews.of(prediction.id)
    assert (review.blind, review.by.name, review.version) == (True, "local user", "tiny-1")
    said = {opinion.label: opinion.present for opinion in review.opinions}
    assert said == dict.fromkeys(CHEST.names, False) | {"Pneumothorax": True, "Mass": None}
    verbs = acts(site, prediction.id)
    assert verbs.index(Verb.REVIEW) < verbs.index(Verb.VIEW)
    assert "What you said before the answer" in page.text
    page.at.run()
    assert len(site.reviews.of(prediction.id)) == 1


def test_of_classes_one_answer_is_wanted(blind, site):
    page = blind("brain-tumor").send(GOOD)
    press(page, "Record my opinion, show the answer")
    assert [warning.value for warning in page.at.warning] == ["Choose an answer first."]
    assert not shows_the_answer(page)
    page.at.radio[0].set_value("glioma")
    press(page, "Record my opinion, show the answer")
    assert shows_the_answer(page)
    [prediction] = site.records.history(limit=9)
    [review] = site.reviews.of(prediction.id)
    assert [opinion.label for opinion in review.opinions if opinion.present] == ["glioma"]


def test_whoever_wants_no_opinion_sees_the_answer_and_can_state_none_later(blind, site):
    page = blind().send(GOOD)
    press(page, "Show the answer without one")
    assert shows_the_answer(page)
    [prediction] = site.records.history(limit=9)
    assert site.reviews.of(prediction.id) == []
    assert Verb.VIEW in acts(site, prediction.id)


def test_what_was_seen_before_the_switch_is_not_asked_for(visit, site):
    page = visit().task(CHEST.name).send(GOOD)
    page.at.toggle[0].set_value(True).run()
    assert shows_the_answer(page)
    page.send(GOOD, OTHER)
    assert not shows_the_answer(page)


def test_the_switch_and_what_is_hidden_survive_a_reload(blind, visit, site):
    page = blind().send(GOOD)
    name = page.at.query_params["list"]
    again = visit(list=name[0] if isinstance(name, list) else name).task(CHEST.name)
    assert again.at.toggle[0].value
    assert not shows_the_answer(again)
