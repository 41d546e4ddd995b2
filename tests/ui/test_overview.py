"""Overview: published figures with their source, and the state of this site, counted."""

import tomllib

from radlens.domain.account import Caller, Role
from radlens.domain.audit import Actor
from radlens.settings import Settings
from radlens.ui import door
from radlens.ui.screens.overview import LITERATURE
from radlens.usecases.predict import predict
from radlens.usecases.time_walk import time_walk
from tests.builders import picture, png
from tests.ui.conftest import entrance

BY = Actor("tester", "cli")


def test_an_empty_site_says_so_with_the_commands_that_fill_it(screen):
    text = screen("overview").text
    assert "<b>0</b><span>predictions on record</span><small>none yet</small>" in text
    assert "radlens</span> <span>evaluate" in text


def test_what_is_on_record_is_counted(screen, site):
    for seed in range(3):
        predict(site, png(picture(seed)), task="chest-xray", by=BY)
    assert "<b>3</b><span>predictions on record" in screen("overview").text


def test_the_live_models_stand_with_their_version_and_what_was_measured(screen, site):
    text = screen("overview").text
    assert "tasks with a live model" in text
    assert site.live.current("chest-xray").ref.version in text
    assert "Nothing was measured." in text  # a tiny model's manifest has no figures


def test_how_fast_it_reads_is_said_once_it_was_measured_here(screen, site):
    assert "not measured here yet" in screen("overview").text
    item = time_walk(site, png(picture(2)), task="brain-tumor", times=1)
    assert f"{item.body['whole_ms']:.0f} ms from file to record" in screen("overview").text


def test_every_published_figure_stands_with_its_source(screen):
    text = screen("overview").text
    for entry in tomllib.loads(LITERATURE.read_text())["figure"]:
        assert entry["figure"] in text
        assert f'href="https://doi.org/{entry["doi"]}"' in text


def test_who_may_not_read_is_not_offered_a_sample(visit, tmp_path, site):
    viewer = Caller("", "v", Role.VIEWER, "page")
    door.enter(site, Settings(home=tmp_path), entrance(viewer, demo=False))
    page = visit()
    assert "History" in [title.value for title in page.at.title]
