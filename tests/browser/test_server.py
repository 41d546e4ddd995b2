"""The one process behind the pages: how it starts, answers, refuses and ends."""

import json
import signal

import pytest
from playwright.sync_api import expect

from radlens.domain.audit import Actor
from radlens.usecases.predict import predict
from tests.browser.conftest import Server, free_port, start
from tests.builders import damage, furnish, picture, png, tiny_site


@pytest.fixture
def home(tmp_path):
    furnish(tmp_path)
    return tmp_path


def end(process):
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=30)


def test_the_address_is_printed_and_ctrl_c_ends_cleanly(home):
    port = free_port()
    process = start(home, port)
    assert f"RadLens answers at http://localhost:{port}" in process.stdout.readline()
    _, errors = end(process)
    assert process.returncode == 0, errors
    assert errors == ""


def test_a_taken_port_is_one_sentence_and_a_hint(server, home):
    process = start(home, server.port)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"Another program answers at 127.0.0.1, port {server.port} already." in errors
    assert f"--port {server.port + 1}" in errors
    assert "Traceback" not in errors


def test_a_broken_model_does_not_stop_the_others(home):
    damage(home, "brain-tumor")
    port = free_port()
    process = start(home, port)
    said = process.stdout.readline()
    _, errors = end(process)
    assert "answers at" in said
    assert "No answers from brain-tumor" in errors
    assert process.returncode == 0


def test_pages_api_fonts_and_operations_share_one_port(server):
    assert b"<html" in server.get("/")
    assert {task["name"] for task in json.loads(server.get("/api/v1/tasks"))} >= {"chest-xray"}
    assert server.get("/fonts/roboto-latin-400-normal.woff2").startswith(b"wOF2")
    assert server.get("/livez")
    assert server.get("/readyz")
    assert b"radlens" in server.get("/metrics")


def test_the_history_survives_a_restart(home):
    with tiny_site(home) as site:
        kept = predict(site, png(picture()), task="chest-xray", by=Actor("someone", "cli"))
    port = free_port()
    process = start(home, port)
    process.stdout.readline()
    found = json.loads(Server(home, port, process).get("/api/v1/predictions"))
    end(process)
    assert [record["prediction_id"] for record in found] == [kept.id]


def test_the_page_that_the_bare_address_opens_has_an_address_of_its_own_too(opened, server):
    with tiny_site(server.home) as site:
        kept = predict(site, png(picture(61)), task="chest-xray", by=Actor("someone", "cli"))
    opened.goto(f"{server.url}/live-prediction?prediction={kept.id}")
    opened.get_by_role("heading", name="Live Prediction").wait_for()
    expect(opened.get_by_text(kept.id)).to_be_visible()
    expect(opened).to_have_url(f"{server.url}/?prediction={kept.id}")
    expect(opened.get_by_role("dialog")).to_have_count(0)
    expect(opened.get_by_role("link", name="Live Prediction")).to_have_count(1)
