"""Synthesis over REST: queued for a worker, told from the records, taken along with a mark."""

from collections.abc import Iterator
from io import BytesIO
from zipfile import ZipFile

import pytest
from httpx import Response
from starlette.testclient import TestClient

from radlens.api.app import create_api
from radlens.bootstrap import ACCESS
from radlens.domain.access import Access
from radlens.domain.account import Role
from radlens.domain.audit import Verb
from radlens.domain.ledger import Kind
from radlens.lab.synth.assess import assess
from radlens.ports import Site
from tests.builders import let_in, picture, png, tiny_site
from tests.lab.planted import alike
from tests.lab.synth.made import hidden, made_images, real_images

LIMIT = 400_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("home")
    with tiny_site(home, arriving_bytes=LIMIT) as opened:
        real_images(opened)
        made_images(opened, [*(alike(1000 + n) for n in range(20)), hidden(4)], name="made")
        assess(opened, "made", against="real")
        yield opened


@pytest.fixture
def api(site: Site) -> TestClient:
    return TestClient(let_in(create_api(site)), raise_server_exceptions=False)


def few(n: int, first: int = 700) -> list[tuple[str, bytes]]:
    return [(f"{i}.png", png(picture(seed=first + i, rows=64, cols=64))) for i in range(n)]


def learn(api: TestClient, sent: list[tuple[str, bytes]], **changes: str) -> Response:
    told = {"disease": "rare", "task": "brain-tumor", "prompt": "a ring"} | changes
    files = [("files", (name, content, "image/png")) for name, content in sent]
    return api.post("/v1/synthesis/adaptations", data=told, files=files)


def test_the_generators_that_ship_are_listed_with_what_they_draw(api: TestClient) -> None:
    brain, chest = api.get("/v1/synthesis/generators").json()
    assert (brain["task"], brain["kind"], brain["id"]) == ("brain-tumor", "compact", "")
    assert "glioma" in brain["labels"]
    assert {"Cardiomegaly", "no_finding"} < {*chest["labels"]}
    assert api.get("/v1/synthesis/generators?task=chest-xray").json() == [chest]
    assert api.get("/v1/synthesis/generators?task=neuro-rare").json() == []


def test_images_are_sent_once_and_their_learning_is_queued_once(
    site: Site, api: TestClient
) -> None:
    first, second = learn(api, few(6)), learn(api, few(6))
    assert (first.status_code, second.json()["id"]) == (202, first.json()["id"])
    job = first.json()
    assert (job["kind"], job["state"], job["actor"]) == ("adapt", "queued", "somebody")
    dataset = site.ledger.get(job["arguments"]["dataset"])
    assert (dataset.name, dataset.body["images"]) == ("rare-images", 6)
    acts = [e.act for e in site.trail.entries() if e.act.subject == dataset.id]
    assert [(act.verb, act.by.name) for act in acts] == [("add-dataset", "somebody")]


@pytest.mark.parametrize(
    ("sent", "changes", "code", "kind"),
    [
        (few(4), {}, 422, "BadDataset"),
        ([*few(5), ("notes.txt", b"no image")], {}, 422, "UnreadableImage"),
        ([("a.png", few(1)[0][1])] * 6, {}, 422, "BadDataset"),
        (few(6), {"disease": "glioma"}, 409, "Conflict"),
        (few(6), {"disease": "a b"}, 422, "BadOrder"),
        (few(6), {"prompt": "x" * 10_000}, 422, "BadOrder"),
        (few(6), {"task": "knee"}, 422, "UnknownTask"),
        (few(6), {"task": "neuro-rare"}, 404, "NoSuchItem"),
        (few(6), {"generator": "/etc"}, 404, "NoSuchItem"),
        (few(6), {"seed": "-1"}, 422, "BadOrder"),
        ([("big.png", b"x" * (LIMIT + 100_000))], {}, 422, "TooLarge"),
        ([], {}, 422, "BadInput"),
    ],
)
def test_what_cannot_be_learned_is_refused_and_leaves_nothing(
    site: Site, api: TestClient, sent: list, changes: dict, code: int, kind: str
) -> None:
    before = len(site.jobs.jobs()), len(site.ledger.items(Kind.DATASET))
    answer = learn(api, sent, **{"disease": "other"} | changes)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (code, kind)
    assert answer.json()["error"]["hint"]
    assert (len(site.jobs.jobs()), len(site.ledger.items(Kind.DATASET))) == before


def test_a_drawing_is_queued_with_the_generator_that_is_meant(api: TestClient) -> None:
    order = {"disease": "glioma", "n": 40, "seed": 3}
    job = api.post("/v1/synthesis/generations", json=order).json()
    [known] = api.get("/v1/synthesis/generators?task=brain-tumor").json()
    assert job["kind"] == "generate"
    assert {**job["arguments"], **order} == job["arguments"]
    assert job["arguments"]["generator"] == known["digest"]
    assert api.post("/v1/synthesis/generations", json=order).json()["id"] == job["id"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"n": 0}, 422),
        ({"n": 1_000_000}, 422),
        ({"steps": 0}, 422),
        ({"guidance": 1e9}, 422),
        ({"disease": "nobody"}, 404),
        ({"n": "many"}, 422),
    ],
)
def test_an_impossible_order_is_refused(api: TestClient, changes: dict, code: int) -> None:
    order = {"disease": "glioma", "n": 4} | changes
    answer = api.post("/v1/synthesis/generations", json=order)
    assert (answer.status_code, bool(answer.json()["error"]["hint"])) == (code, True)


def test_an_assessment_is_queued_and_what_was_measured_is_told(site: Site, api: TestClient) -> None:
    asked = {"dataset": "made", "against": "real", "seed": 5}
    job = api.post("/v1/synthesis/assessments", json=asked).json()
    assert (job["kind"], job["arguments"]["seed"]) == ("assess", 5)
    backwards = {"dataset": "real", "against": "made"}
    assert api.post("/v1/synthesis/assessments", json=backwards).status_code == 422
    [told] = api.get("/v1/synthesis/assessments?dataset=made").json()
    assert told["dataset"] == job["arguments"]["dataset"]
    assert told["figures"]["copies"]["rate"]["hits"] == 1
    sheet = api.get(f"/v1/synthesis/assessments/{told['id']}/neighbours.png")
    assert sheet.content.startswith(b"\x89PNG")
    last = list(site.trail.entries())[-1].act
    assert (last.verb, last.subject) == (Verb.VIEW_IMAGE, told["against"])
    assert api.get("/v1/synthesis/assessments?dataset=nobody").status_code == 404
    dataset = told["dataset"]
    assert api.get(f"/v1/synthesis/assessments/{dataset}/neighbours.png").status_code == 404


def test_each_class_is_released_or_blocked_with_its_reasons(api: TestClient) -> None:
    found = api.get("/v1/synthesis/datasets/made/releases").json()
    assert len(found) == 4
    assert not any(each["released"] for each in found)
    assert {check["name"] for check in found[0]["checks"]} == {"fidelity", "copies", "utility"}
    assert api.get("/v1/synthesis/datasets/real/releases").status_code == 422


def test_a_dataset_is_taken_along_alone_and_put_into_a_real_one(
    site: Site, api: TestClient
) -> None:
    alone = api.get("/v1/synthesis/datasets/made/export.zip")
    names = ZipFile(BytesIO(alone.content)).namelist()
    assert ("manifest.csv" in names, len(names)) == (True, 23)
    both = api.get("/v1/synthesis/datasets/made/export.zip?real=real&dicom=true")
    names = ZipFile(BytesIO(both.content)).namelist()
    assert sum(name.endswith(".dcm") for name in names) == 21
    acts = [e.act for e in site.trail.entries() if e.act.verb == Verb.EXPORT_DATASET]
    assert [bool(act.detail["with"]) for act in acts[-2:]] == [False, True]
    assert api.get("/v1/synthesis/datasets/nobody/export.zip").status_code == 404


def test_only_engineers_and_administrators_have_to_do_with_it() -> None:
    table = Access.from_toml(ACCESS.read_text())
    rows = [row for name, row in table.http.items() if "/synthesis/" in name]
    assert len(rows) == 8
    assert all(row.roles == {Role.ENGINEER, Role.ADMIN} and not row.open for row in rows)
