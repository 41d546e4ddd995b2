"""Diseases over REST: asked for with their images, told step by step."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from httpx import Response
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.bootstrap import ACCESS
from radlens.domain.access import Access
from radlens.domain.account import Role
from radlens.domain.audit import Verb
from radlens.domain.disease import Disease, Step, Wish
from radlens.domain.ledger import Kind
from radlens.ports import Site
from tests.builders import let_in, picture, png, tiny_site

LIMIT = 400_000
ASKED = {
    "task": "brain-tumor",
    "name": "ring_lesion",
    "title": "Ring lesion",
    "meaning": "A ring around a dark middle.",
    "urgency": "moderate",
}


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with tiny_site(tmp_path_factory.mktemp("home"), arriving_bytes=LIMIT) as opened:
        yield opened


@pytest.fixture
def api(site: Site) -> TestClient:
    return TestClient(let_in(create_api(site)), raise_server_exceptions=False)


def images(n: int = 6) -> list[bytes]:
    return [png(picture(seed=700 + i, rows=64, cols=64)) for i in range(n)]


def add(api: TestClient, sent: list[bytes], **changes: str) -> Response:
    files = [("files", (f"{n}.png", content, "image/png")) for n, content in enumerate(sent)]
    return api.post("/v1/diseases", data=ASKED | changes, files=files)


def test_a_disease_is_asked_for_with_its_images_and_queued_once(
    site: Site, api: TestClient
) -> None:
    told = add(api, images(), prompt="a ring", n="400")
    assert told.status_code == 202, told.text
    job = told.json()
    assert (job["kind"], job["state"], job["actor"]) == ("disease", "queued", "somebody")
    [dataset] = site.ledger.items(Kind.DATASET)
    wish = Wish.of(job["arguments"])
    assert (wish.images, wish.disease, wish.prompt, wish.n) == (
        dataset.id, "ring_lesion", "a ring", 400,
    )  # fmt: skip
    assert len(wish.generator) == 64  # the digest of the one that ships
    assert add(api, images(), prompt="a ring", n="400").json()["id"] == job["id"]
    verbs = [entry.act.verb for entry in site.trail.entries()]
    assert (verbs.count(Verb.ADD_DATASET), verbs.count(Verb.QUEUE_JOB)) == (1, 1)


COLOURS = png(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
REFUSED = {
    "a class that is there": (images(), {"name": "glioma"}, 409, "Conflict"),
    "a name with blanks": (images(), {"name": "ring lesion"}, 422, "BadCard"),
    "too few": (images(4), {}, 422, "BadDataset"),
    "all the same": (images(1) * 6, {}, 422, "BadDataset"),
    "of another kind": ([*images(), COLOURS], {}, 422, "NotThisTask"),
    "no images": ([b"no image"] * 6, {}, 422, "UnreadableImage"),
    "a long prompt": (images(), {"prompt": "x" * 10_000}, 422, "BadOrder"),
    "nothing to draw": (images(), {"n": "0"}, 422, "BadOrder"),
    "a million": (images(), {"n": "1000000"}, 422, "BadOrder"),
    "no such task": (images(), {"task": "knee"}, 422, "UnknownTask"),
    "findings": (images(), {"task": "chest-xray"}, 422, "BadOrder"),
    "no such generator": (images(), {"generator": "nobody"}, 404, "NoSuchItem"),
    "a generator's folder": (images(), {"generator": "compact:/etc"}, 404, "NoSuchItem"),
    "no urgency": (images(), {"urgency": "soon"}, 422, "BadInput"),
    "too large": ([bytes(LIMIT + 100_000)], {}, 422, "TooLarge"),
}


@pytest.mark.parametrize(("sent", "changes", "status", "kind"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_added_is_refused_at_once_and_leaves_nothing(
    site: Site, api: TestClient, sent: list[bytes], changes: dict[str, str], status: int, kind: str
) -> None:
    told = add(api, sent, **changes)
    error = told.json()["error"]
    assert (told.status_code, error["kind"]) == (status, kind), told.text
    assert error["hint"]
    assert site.ledger.items(Kind.DATASET) == []
    assert site.jobs.jobs() == []


def test_every_image_that_is_refused_is_named(api: TestClient) -> None:
    error = add(api, [*images(), COLOURS, COLOURS]).json()["error"]
    assert error["message"].startswith("2 of 8 images are refused, first 6.png")
    assert error["hint"].startswith("Leave them out: 6.png, 7.png. ")
    error = add(api, [*images(), *[COLOURS] * 12]).json()["error"]
    assert "14.png, 15.png and 2 more" in error["hint"]


def test_an_addition_is_told_with_its_steps_by_name_and_id(site: Site, api: TestClient) -> None:
    assert api.get("/v1/diseases").json() == []
    assert api.get("/v1/diseases/ring_lesion").status_code == 404
    wish = Wish("brain-tumor", "ring_lesion", "d" * 64, "Ring", "A ring.", "routine")
    entry = Disease("e" * 32, datetime(2026, 3, 1, tzinfo=UTC), wish, ("glioma",))
    site.ledger.put(entry.item())
    site.ledger.put(entry.done(Step("images", "f" * 64, "Six images.")).item())
    for reference in ("ring_lesion", entry.id, entry.id[:8]):
        told = api.get(f"/v1/diseases/{reference}").json()
        assert (told["id"], told["state"], told["wish"]) == (entry.id, "running", wish.arguments)
        assert told["steps"] == [{"name": "images", "record": "f" * 64, "said": "Six images."}]
    assert [each["id"] for each in api.get("/v1/diseases").json()] == [entry.id]


def test_readers_add_no_disease() -> None:
    table = Access.from_toml(ACCESS.read_text())
    for method, path in (("POST", ""), ("GET", ""), ("GET", "/{reference}")):
        assert table.route(method, f"/api/v1/diseases{path}").roles == {Role.ENGINEER, Role.ADMIN}
