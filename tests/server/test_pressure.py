"""More work than there are hands: refused at once, or finished before the server goes."""

import signal
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.client import HTTPConnection
from pathlib import Path

from radlens.domain.account import Role
from radlens.domain.audit import Actor
from radlens.usecases.keys import add_key
from radlens.usecases.users import add_user
from tests.builders import picture, png, tiny_site
from tests.server.conftest import FORM, Answer, Serve, ask, envelope, on_record, send

ME = Actor("tester", "cli")


def refused(answer: Answer) -> bool:
    """Whether the server said that it is busy, and when to come again."""
    if answer.status == 201:
        return False
    assert (answer.status, answer.body["error"]["kind"]) == (503, "Busy")
    assert int(answer.headers["retry-after"]) > 0
    return True


def test_who_finds_no_place_in_the_line_is_told_at_once(slow_home: Path, serve: Serve):
    server = serve(slow_home, workers=1, waiting=2)
    with ThreadPoolExecutor(12) as clients:
        sent = [clients.submit(send, server.port, seed) for seed in range(12)]
        answers = [done.result() for done in as_completed(sent)]
    turned_away = [refused(answer) for answer in answers]
    assert 3 <= turned_away.count(False) < 12
    assert turned_away[0], "who was refused had to wait for who was served"
    counted = ask(server.port, "GET", "/metrics").content.decode()
    assert f'radlens_errors_total{{kind="Busy"}} {turned_away.count(True)}.0' in counted
    server.end()
    kept = {answer.body["prediction_id"] for answer in answers if answer.status == 201}
    assert kept == on_record(slow_home)


def test_whoever_floods_the_line_is_told_to_wait_and_others_are_served(
    slow_home: Path, serve: Serve
):
    with tiny_site(slow_home) as site:
        add_user(site, "grace", role=Role.READER, password=site.accounts.new_secret(), by=ME)
        _, secret = add_key(site, "grace", name="one", role=Role.READER, days=1, by=ME)
    server = serve(slow_home, workers=1, waiting=8, waiting_each=2)
    with ThreadPoolExecutor(12) as clients:
        flood = [clients.submit(send, server.port, seed) for seed in range(10)]
        first = next(as_completed(flood)).result()
        assert (first.status, first.body["error"]["kind"]) == (429, "TooManyAtOnce")
        assert "2 predictions of this account" in first.body["error"]["message"]
        assert int(first.headers["retry-after"]) > 0
        assert send(server.port, 99, Authorization=f"Bearer {secret}").status == 201
        codes = [sent.result().status for sent in flood]
    assert set(codes) == {201, 429}
    counted = ask(server.port, "GET", "/metrics").content.decode()
    assert f'radlens_errors_total{{kind="TooManyAtOnce"}} {codes.count(429)}.0' in counted
    assert send(server.port, 100).status == 201  # and whoever waited is welcome again


def test_uploads_that_do_not_fit_into_memory_together_are_refused(home: Path, serve: Serve):
    server = serve(home, upload_bytes=100_000, arriving_bytes=100_000)
    first = HTTPConnection("127.0.0.1", server.port, timeout=60)
    body = envelope(png(picture()))
    body += b" " * (150_000 - len(body))
    first.putrequest("POST", "/api/v1/predictions")
    first.putheader("Content-Type", FORM["Content_Type"])
    first.putheader("Content-Length", str(len(body)))
    first.putheader("Expect", "100-continue")
    first.endheaders()
    assert b"100" in first.sock.recv(4096)  # the server waits for the body, and has room for it
    assert refused(ask(server.port, "POST", "/api/v1/predictions", bytes(150_000), **FORM))
    first.send(body)
    assert first.getresponse().status == 201
    first.close()
    assert not refused(send(server.port))


def test_a_server_that_is_stopped_loses_nothing_that_it_had_accepted(slow_home: Path, serve: Serve):
    server = serve(slow_home, workers=1, drain_s=600)  # longer than all take on a busy machine
    with ThreadPoolExecutor(3) as clients:
        sent = [clients.submit(send, server.port, seed) for seed in range(3)]
        next(as_completed(sent))
        server.process.send_signal(signal.SIGTERM)
        server.logged("stopping")
        ready = ask(server.port, "GET", "/readyz")
        assert (ready.status, ready.body["error"]["message"]) == (503, "Not ready: stopping.")
        assert refused(send(server.port, 99))
        answers = [done.result() for done in sent]
    kept = {answer.body["prediction_id"] for answer in answers if not refused(answer)}
    server.process.communicate(timeout=60)
    assert len(kept) >= 2
    assert kept == on_record(slow_home)


def test_a_server_that_is_stopped_does_not_wait_beyond_its_bound(slow_home: Path, serve: Serve):
    server = serve(slow_home, workers=1, drain_s=1)
    with ThreadPoolExecutor(20) as clients:
        sent = [clients.submit(send, server.port, seed) for seed in range(20)]
        next(as_completed(sent))
        events = server.end()
        answered = [future.result() for future in sent if not future.exception()]
    assert "stopped before all was finished" in [event["event"] for event in events]
    kept = {answer.body["prediction_id"] for answer in answered if answer.status == 201}
    assert len(kept) < 20
    assert kept <= on_record(slow_home)
