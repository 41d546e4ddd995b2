"""The preview says what a switch would change, before anybody switches."""

from pathlib import Path

import pytest

from radlens.domain.comparison import Matched
from radlens.domain.errors import NotPromoted
from radlens.domain.finding import OperatingPoint
from radlens.domain.metrics import Proportion
from radlens.engines.bundle import read_parts
from radlens.ports import Site
from radlens.usecases.predict import predict
from radlens.usecases.preview import preview
from radlens.usecases.register import register
from tests.builders import TASKS, picture, png, put_live, tiny_site
from tests.versions import EAGER, ME, added, erring_bundle, measured

TASK = "chest-xray"


@pytest.fixture
def site(tmp_path: Path):
    with tiny_site(tmp_path) as opened:
        for seed in (0, 1, 2, 1):  # one image twice
            predict(opened, png(picture(seed)), task=TASK, by=ME)
        predict(opened, png(picture(3)), task="brain-tumor", by=ME)
        yield opened


def test_alarms_and_changes_are_those_that_the_newcomer_gives_once_it_is_live(
    site: Site, tmp_path: Path
) -> None:
    added(site, tmp_path, TASK, "two")
    recorded = site.records.history(limit=9)[::-1]  # of an image twice, the newer one counts
    before = {p.image.digest: p for p in recorded if p.model.task == TASK}
    found = preview(site, "two")
    put_live(site, "two", by=ME)
    after = [predict(site, png(picture(seed)), task=TASK, by=ME) for seed in range(3)]
    for index, label in enumerate(found.labels):
        assert label.n == 3
        assert label.live.hits == sum(p.findings[index].positive for p in before.values())
        assert label.candidate.hits == sum(p.findings[index].positive for p in after)
    changes = {change.prediction: change.labels for change in found.changes}
    for answer in after:
        old = before[answer.image.digest]
        differ = tuple(
            f.label for f, g in zip(old.findings, answer.findings, strict=True)
            if f.positive is not g.positive
        )  # fmt: skip
        assert changes.get(old.id, ()) == differ


def test_nothing_of_a_preview_is_on_record(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, TASK, "two", **EAGER)
    history, entries = site.records.history(limit=99), list(site.trail.entries())
    found = preview(site, "two")
    assert len(found.changes) == 3
    assert site.records.history(limit=99) == history
    assert list(site.trail.entries()) == entries


def test_only_the_latest_images_are_read(site: Site, tmp_path: Path) -> None:
    added(site, tmp_path, TASK, "two")
    assert preview(site, "two", last=2).images == 2


def test_an_image_that_the_newcomer_cannot_read_is_named_and_not_counted(
    site: Site, tmp_path: Path
) -> None:
    bundle = erring_bundle(tmp_path, TASK, "erring")
    register(site, lambda: read_parts(bundle), by=ME)
    found = preview(site, "erring")
    assert (found.images, found.labels, found.changes) == (0, (), ())
    assert len(found.unread) == 3
    assert all("not numbers" in why for _, why in found.unread)


def test_with_matched_thresholds_it_says_what_those_would_change(
    site: Site, tmp_path: Path
) -> None:
    version = added(site, tmp_path, TASK, "two", **EAGER)
    with pytest.raises(NotPromoted):
        preview(site, "two", match=True)
    never = Matched(Proportion(1, 9), OperatingPoint(1.1))
    measured(site, version, matched=dict.fromkeys(TASKS[TASK].names, never))
    assert all(label.candidate.hits == 3 for label in preview(site, "two").labels)
    assert all(label.candidate.hits == 0 for label in preview(site, "two", match=True).labels)
    assert all(label.candidate.hits == 3 for label in preview(site, "two").labels)
