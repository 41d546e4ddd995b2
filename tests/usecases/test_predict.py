"""One upload becomes one answer on record, or an error and nothing at all."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from radlens.domain.audit import Actor, Outcome, Verb, verify
from radlens.domain.errors import (
    BadInput,
    BrokenChain,
    DigestMismatch,
    KeyReused,
    NoLiveModel,
    NoSuchLabel,
    NoSuchObject,
    NotAssessable,
    RadLensError,
    StorageFull,
    TooLarge,
    UnknownTask,
    UnreadableImage,
)
from radlens.domain.metrics import Proportion
from radlens.domain.model import Forward
from radlens.domain.prediction import canonical, fingerprint
from radlens.imaging.decode import decode
from radlens.imaging.prepare import prepare
from radlens.model_ports import Engine, Lineup
from radlens.ports import Site
from radlens.usecases.history import history
from radlens.usecases.models import live_models, troubles
from radlens.usecases.predict import predict
from radlens.usecases.recall import recall
from radlens.usecases.verify import verify_records
from tests.builders import (
    TASKS,
    damage,
    picture,
    png,
    readings,
    remembering_bundle,
    tiny_site,
)

ME = Actor("tester", "cli")
IMAGE = png(picture())


@pytest.fixture(params=["disk", "memory"])
def site(request: pytest.FixtureRequest, tmp_path: Path):
    with tiny_site(tmp_path, record=request.param == "disk") as opened:
        yield opened


def read(site: Site, upload: bytes = IMAGE, **options):
    return predict(site, upload, task="chest-xray", by=ME, **options)


def nothing_was_kept(site: Site) -> bool:
    """No prediction, and in the log at most that uploads were refused, beside the models added."""
    entries = [e for e in site.trail.entries() if e.act.verb != Verb.ADD_MODEL]
    refused = all(entry.act.outcome is Outcome.REFUSED for entry in entries)
    assert verify(site.trail.entries())
    return site.records.history(limit=10) == [] and refused


def test_an_answer_is_on_record_with_its_audit_entry(site: Site) -> None:
    prediction = read(site)
    assert site.records.get(prediction.id) == prediction
    [entry] = readings(site)
    assert entry.act.subject == prediction.id
    assert entry.act.detail["image"] == prediction.image.digest
    assert entry.act.detail["model"] == prediction.model.digest


def test_findings_are_in_the_order_of_the_card(site: Site) -> None:
    labels = tuple(finding.label for finding in read(site).findings)
    assert labels == site.tasks["chest-xray"].names


def test_the_stored_image_holds_the_pixels_under_their_digest(site: Site) -> None:
    prediction = read(site)
    stored = site.blobs.get(prediction.image.digest)
    assert sha256(stored).hexdigest() == prediction.image.digest
    np.testing.assert_array_equal(recall(site, prediction.id).scan.pixels, picture())


def test_nothing_of_an_uploads_text_is_stored(site: Site) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Patient", "DOE^JANE")
    upload = png(picture(), pnginfo=info) + b"DOE^JANE"
    prediction = read(site, upload)
    assert b"DOE" in upload
    assert b"DOE" not in site.blobs.get(prediction.image.digest)
    assert prediction.image.digest == read(site).image.digest


def test_the_same_key_again_gives_the_same_prediction(site: Site) -> None:
    assert read(site, key="k") == read(site, key="k")
    assert len(site.records.history(limit=10)) == 1


def test_without_a_key_each_request_is_a_prediction(site: Site) -> None:
    assert read(site).id != read(site).id


def test_a_key_for_another_request_is_a_conflict(site: Site) -> None:
    read(site, key="k")
    with pytest.raises(KeyReused):
        read(site, png(picture(1)), key="k")
    with pytest.raises(KeyReused):
        predict(site, IMAGE, task="brain-tumor", by=ME, key="k")


def test_sixteen_requests_with_one_key_at_once_make_one_record(site: Site) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: read(site, key="k"), range(16)))
    assert len({answer.id for answer in answers}) == 1
    assert len(readings(site)) == 1


@pytest.mark.parametrize(
    ("upload", "error"),
    [
        (b"", UnreadableImage),
        (b"hello", UnreadableImage),
        (b"PK\x03\x04" + bytes(100), UnreadableImage),
        (IMAGE[: len(IMAGE) // 2], UnreadableImage),
        (png(np.full((64, 64), 90, np.uint8)), NotAssessable),
    ],
)
def test_bad_input_leaves_nothing_behind(site: Site, upload: bytes, error) -> None:
    with pytest.raises(error) as caught:
        read(site, upload, key="k")
    assert isinstance(caught.value, BadInput)
    assert caught.value.hint
    assert nothing_was_kept(site)
    assert read(site, key="k").id


def test_a_file_over_the_bound_is_refused(tmp_path: Path) -> None:
    with tiny_site(tmp_path, upload_bytes=1000) as site, pytest.raises(TooLarge):
        read(site)


def test_unknown_tasks_and_tasks_without_a_model_say_what_to_do(site: Site) -> None:
    with pytest.raises(UnknownTask):
        predict(site, IMAGE, task="knee", by=ME)
    with pytest.raises(NoLiveModel) as caught:
        predict(site, IMAGE, task="unserved", by=ME)
    assert "radlens train" in caught.value.hint
    assert nothing_was_kept(site)


class Drifting:
    """An engine whose network answers with NaN, as a broken one may."""

    def __init__(self, engine: Engine) -> None:
        self.manifest, self.ref = engine.manifest, engine.ref

    def forward(self, tensor: np.ndarray) -> Forward:
        return Forward(np.full((1, 13), np.nan, np.float32), np.zeros((1, 13, 4, 4), np.float32))


class Fixed:
    def __init__(self, engine: object) -> None:
        self.engine = engine

    def lineup(self, task: str) -> Lineup:
        return Lineup(self.engine)


def test_an_answer_that_is_no_number_is_never_no_finding(site: Site) -> None:
    broken = replace(site, live=Fixed(Drifting(site.live.current("chest-xray"))))
    with pytest.raises(NotAssessable):
        read(broken)
    assert nothing_was_kept(site)


class Failing:
    """A store whose disk is full."""

    def put(self, content: bytes) -> str:
        raise StorageFull("The disk is full.")

    def get(self, digest: str) -> bytes:
        raise NoSuchObject("No object.")


def test_the_most_alike_training_images_are_on_record_with_the_answer(tmp_path: Path) -> None:
    task = TASKS["chest-xray"]
    remembering_bundle(tmp_path / "gallery" / task.name, task)
    with tiny_site(tmp_path) as site:
        made, engine = read(site), site.live.current(task.name)
        kept = site.records.get(made.id)
        assert kept == made
        assert kept.alike is not None
        assert engine.known is not None
        features = engine.forward(prepare(decode(IMAGE), engine.manifest.input)[None]).features
        assert features is not None
        assert kept.alike == engine.known.alike(features[0])
        assert (len(kept.alike.cases), kept.alike.among) == (5, 40)
        assert kept.alike.right == Proportion(48, 50)
        assert verify_records(site)
        other = replace(kept.alike, cases=kept.alike.cases[::-1])
        assert fingerprint(replace(kept, alike=other)) != fingerprint(kept)


def test_a_model_that_remembers_nothing_says_nothing_of_known_cases(site: Site) -> None:
    made = read(site)
    assert made.alike is None
    assert '"alike"' not in canonical(made)


def test_no_record_no_answer(site: Site) -> None:
    with pytest.raises(StorageFull):
        read(replace(site, blobs=Failing()))
    assert nothing_was_kept(site)


def test_the_heat_map_is_that_of_the_label_that_was_asked_for(site: Site) -> None:
    recalled = recall(site, read(site).id)
    for index, label in enumerate(site.tasks["chest-xray"].names):
        found, evidence = recalled.heatmap(label), recalled.evidence[index]
        if evidence.max() > 0:
            assert found is not None
            assert found.peak == evidence.max()
        else:
            assert found is None
    with pytest.raises(NoSuchLabel):
        recalled.heatmap("Fracture")


def test_history_survives_a_restart(tmp_path: Path) -> None:
    with tiny_site(tmp_path) as site:
        before = [read(site), read(site, png(picture(1)))]
    with tiny_site(tmp_path) as site:
        assert history(site, limit=10, by=ME) == before[::-1]
        assert recall(site, before[0].id).scan.rows == 96


def test_the_history_of_one_image_is_found_by_its_content(site: Site, tmp_path: Path) -> None:
    wanted = read(site)
    read(site, png(picture(1)))
    (tmp_path / "other name.png").write_bytes(IMAGE)
    assert history(site, limit=10, by=ME, file=tmp_path / "other name.png") == [wanted]


def test_a_changed_object_is_found_when_it_is_read(tmp_path: Path) -> None:
    with tiny_site(tmp_path) as site:
        prediction = read(site)
        [stored] = (tmp_path / "objects").rglob(f"*{prediction.image.digest[4:]}*")
        stored.chmod(0o600)
        stored.write_bytes(stored.read_bytes() + b"x")
        with pytest.raises(DigestMismatch):
            recall(site, prediction.id)


def test_every_task_says_which_model_answers_or_why_none_does(site: Site) -> None:
    live = live_models(site)
    assert isinstance(live["unserved"], NoLiveModel)
    assert not isinstance(live["chest-xray"], RadLensError)
    assert troubles(site) == []


def test_a_broken_live_model_makes_the_site_not_ready(tmp_path: Path) -> None:
    damage(tmp_path, "chest-xray")
    with tiny_site(tmp_path) as site:
        [trouble] = troubles(site)
        assert "not what was written" in trouble


def test_a_record_that_was_edited_behind_the_programs_back_is_found(tmp_path: Path) -> None:
    with tiny_site(tmp_path) as site:
        read(site)
        count = verify_records(site).entries
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute("update predictions set findings = replace(findings, 'true', 'false')")
    with (
        tiny_site(tmp_path) as site,
        pytest.raises(BrokenChain, match=f" {count} was changed"),
    ):
        verify_records(site)


def test_a_record_that_was_taken_away_is_found(tmp_path: Path) -> None:
    with tiny_site(tmp_path) as site:
        read(site)
        count = verify_records(site).entries
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        database.execute("delete from requests")
        database.execute("delete from predictions")
    with tiny_site(tmp_path) as site, pytest.raises(BrokenChain, match=f"entry {count} is gone"):
        verify_records(site)
