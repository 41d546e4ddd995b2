"""What the server logs: one line of JSON an event, and nothing that could name anybody."""

import signal
from pathlib import Path

from websockets.sync.client import connect

from tests.builders import picture, png
from tests.server.conftest import FORM, Serve, ask, envelope, send

NAME = "Mustermann"
PROXY = "0123456789abcdef0123456789abcdef"


def test_nothing_that_could_name_a_patient_or_open_a_door_is_logged(home: Path, serve: Serve):
    server = serve(home)
    port = server.port
    planted = {"User_Agent": NAME, "Cookie": f"session={NAME}"}
    refused = {"Authorization": f"Bearer {NAME}", "Cookie": f"radlens={NAME}"}
    assert ask(port, "GET", f"/api/{NAME}", **refused).status == 401
    for path in (
        f"/api/v1/predictions/{NAME}",
        f"/api/v1/predictions/{NAME}/heatmaps/{NAME}.png?opacity=1&patient={NAME}",
        f"/api/v1/predictions?before={NAME}",
        f"/api/{NAME}",
        f"/{NAME}?patient={NAME}",
        f"/readyz?patient={NAME}",
    ):
        ask(port, "GET", path, **planted, X_Request_ID=f"{NAME}-19700101-00000")
    for upload, task in (
        (png(picture()), "chest-xray"),
        (NAME.encode(), "chest-xray"),
        (b"", NAME),
    ):
        body = envelope(upload, name=f"{NAME}.png", task=task)
        ask(port, "POST", "/api/v1/predictions", body, **FORM, **planted, Idempotency_Key=NAME)
    ask(port, NAME.upper(), "/api/v1/tasks")
    address = f"ws://127.0.0.1:{port}/_stcore/stream?patient={NAME}"
    with connect(address, subprotocols=["streamlit"], origin=f"http://127.0.0.1:{port}"):
        pass
    events = server.end()
    assert NAME.lower() not in str(events).lower()
    requests = [event for event in events if event["event"] == "request"]
    assert {event["route"] for event in requests} >= {
        "/api/v1/predictions",
        "/api/v1/predictions/{prediction_id}",
        "/api/v1/predictions/{prediction_id}/heatmaps/{label}.png",
    }
    for event in requests:
        assert event.keys() >= {"time", "level", "method", "route", "status", "ms", "request_id"}


def test_a_request_is_found_in_the_log_by_the_id_of_its_answer(home: Path, serve: Serve):
    server = serve(home)
    given = send(server.port, X_Request_ID=PROXY)
    made = ask(server.port, "GET", "/api/v1/predictions/none")
    strange = ask(server.port, "GET", "/api/v1/predictions/none", X_Request_ID="no id")
    assert given.headers["x-request-id"] == PROXY
    assert made.headers["x-request-id"] != strange.headers["x-request-id"] != "no id"
    found = {event.get("request_id"): event for event in server.end()}
    assert found[PROXY]["status"] == 201
    assert found[made.headers["x-request-id"]]["status"] == 404


def test_a_terminal_gets_text_and_a_wrong_format_a_sentence(home: Path, serve: Serve):
    server = serve(home, log_format="text")
    send(server.port)
    server.process.send_signal(signal.SIGTERM)
    _, errors = server.process.communicate(timeout=60)
    assert " info request " in errors
    assert "route=/api/v1/predictions status=201" in errors
