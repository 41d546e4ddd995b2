"""The walk of a prediction, timed: the stages are real, and nothing stays but their times."""

import numpy as np
import pytest

from radlens.domain.audit import Actor
from radlens.domain.errors import NoLiveModel, NotThisTask, UnreadableImage
from radlens.domain.ledger import Kind
from radlens.usecases.predict import predict
from radlens.usecases.recall import recall
from radlens.usecases.time_walk import STAGES, time_walk
from tests.builders import picture, png, tiny_site

BY = Actor("tester", "cli")
SAMPLE = png(picture(4))


@pytest.fixture
def site(tmp_path):
    with tiny_site(tmp_path) as opened:
        yield opened


def objects(home):
    return sorted(path.name for path in (home / "objects").rglob("*") if path.is_file())


def test_every_stage_takes_time_and_the_medians_are_on_record(site):
    item = time_walk(site, SAMPLE, task="brain-tumor", times=3)
    assert list(item.body["median_ms"]) == list(STAGES)
    assert all(spent > 0 for spent in item.body["median_ms"].values())
    assert item.body["whole_ms"] >= max(item.body["median_ms"].values())
    assert site.ledger.items(Kind.TIMING) == [item]
    assert item.parents == (site.live.current("brain-tumor").ref.digest,)


def test_no_prediction_no_log_entry_and_no_object_stays(site, tmp_path):
    before = objects(tmp_path), list(site.trail.entries())
    time_walk(site, SAMPLE, task="brain-tumor", times=2)
    assert site.records.count() == 0
    assert (objects(tmp_path), list(site.trail.entries())) == before


def test_the_objects_of_a_record_of_the_same_image_are_left_alone(site):
    kept = predict(site, SAMPLE, task="brain-tumor", by=BY)
    time_walk(site, SAMPLE, task="brain-tumor", times=1)
    assert recall(site, kept.id).prediction == kept


@pytest.mark.parametrize(
    ("upload", "task", "error"),
    [(b"no image", "brain-tumor", UnreadableImage), (SAMPLE, "unserved", NoLiveModel)],
)
def test_what_cannot_be_read_leaves_no_times(site, upload, task, error):
    with pytest.raises(error):
        time_walk(site, upload, task=task)
    assert site.ledger.items(Kind.TIMING) == []


def test_an_image_that_the_model_must_not_read_leaves_no_times(site):
    colours = png(np.stack([picture(seed) for seed in range(3)], 2))
    with pytest.raises(NotThisTask):
        time_walk(site, colours, task="brain-tumor")
    assert site.ledger.items(Kind.TIMING) == []
