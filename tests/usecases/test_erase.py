"""An image that is erased is gone, its record says so, and the log goes on to verify."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from radlens.domain.audit import Actor, Verb
from radlens.domain.errors import (
    BadInput,
    BrokenChain,
    Erased,
    NoSuchObject,
    NoSuchPrediction,
    StorageUnavailable,
)
from radlens.domain.prediction import Prediction
from radlens.lab.evaluation_item import evaluated
from radlens.ports import Site
from radlens.usecases.erase import erase
from radlens.usecases.evaluations import PDF
from radlens.usecases.predict import predict
from radlens.usecases.recall import recall
from radlens.usecases.verify import verify_records
from tests.builders import TASKS, picture, png, tiny_site
from tests.evaluations import an_evaluation

ADMIN = Actor("ada", "cli")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


def read(site: Site, seed: int = 0, task: str = "chest-xray") -> Prediction:
    return predict(site, png(picture(seed)), task=task, by=ADMIN)


def gone(site: Site, digest: str) -> bool:
    try:
        return not site.blobs.get(digest)
    except NoSuchObject:
        return True


def test_an_erased_image_is_gone_with_its_evidence_and_the_findings_stay(site):
    one, again, other = read(site), read(site, task="brain-tumor"), read(site, 1)
    done = erase(site, one.image.digest, reason="the patient asked", by=ADMIN)
    assert set(done.predictions) == {one.id, again.id}
    assert set(done.objects) == {one.image.digest, one.evidence, again.evidence}
    assert all(gone(site, digest) for digest in done.objects)
    with pytest.raises(Erased, match="by ada: the patient asked"):
        recall(site, one.id)
    assert site.records.get(one.id).findings == one.findings
    assert recall(site, other.id)
    assert verify_records(site)
    entry = list(site.trail.entries())[-1]
    assert (entry.act.verb, entry.act.subject) == (Verb.ERASE, one.image.digest)
    assert set(entry.act.detail["predictions"]) == {one.id, again.id}


def test_what_an_evaluation_shows_of_an_erased_image_is_destroyed_too(site):
    """Signed cases become a dataset, and what is measured on it has pictures of its own."""
    one, other = read(site), read(site, 1)
    worst = an_evaluation().failures[0]
    shown = [
        replace(worst, image=read.image.digest, picture=f"failures/{n}.png")
        for n, read in enumerate((one, other))
    ]
    pictures = {each.picture: png(picture(70 + n)) for n, each in enumerate(shown)}
    found = replace(an_evaluation(), failures=tuple(shown))
    item = evaluated(site, found, TASKS["brain-tumor"], pictures, site.clock()).item
    site.ledger.put(item)
    done = erase(site, one.image.digest, reason="the patient asked", by=ADMIN)
    for name in ("failures/0.png", PDF):
        assert gone(site, item.files[name])
        assert item.files[name] in done.objects
    left = [digest for digest in item.files.values() if digest not in done.objects]
    assert len(left) == len(item.files) - 2
    assert not any(gone(site, digest) for digest in left)
    assert verify_records(site)


def test_what_another_prediction_needs_stays(site):
    one, again, other_task = read(site), read(site), read(site, task="brain-tumor")
    assert erase(site, one.id, reason="asked", by=ADMIN).objects == ()
    assert recall(site, again.id)
    assert erase(site, again.id, reason="asked", by=ADMIN).objects == (one.evidence,)
    assert recall(site, other_task.id)
    erase(site, other_task.id, reason="asked", by=ADMIN)
    assert gone(site, one.image.digest)
    assert verify_records(site)


def test_an_erasure_that_was_interrupted_goes_on_when_it_is_asked_for_again(site):
    class Stuck:
        def __init__(self) -> None:
            self.get = site.blobs.get

        def delete(self, digest: str) -> None:
            raise StorageUnavailable("The objects do not answer.")

    one = read(site)
    with pytest.raises(StorageUnavailable):
        erase(replace(site, blobs=Stuck()), one.image.digest, reason="asked", by=ADMIN)
    with pytest.raises(Erased):
        recall(site, one.id)
    done = erase(site, one.image.digest, reason="asked", by=ADMIN)
    assert done.predictions == ()
    assert gone(site, one.image.digest)
    assert [e.act.verb for e in site.trail.entries()].count(Verb.ERASE) == 1


def test_an_image_that_was_erased_can_be_read_again(site):
    erase(site, read(site).id, reason="asked", by=ADMIN)
    assert recall(site, read(site).id)
    assert verify_records(site)


class Slow:
    """An object store in which somebody reads the image again while it is being erased."""

    def __init__(self, site: Site) -> None:
        self.site, self.get, self.put = site, site.blobs.get, site.blobs.put
        self.met: list[Prediction] = []

    def delete(self, digest: str) -> None:
        if not self.met:
            self.met.append(read(self.site))
        self.site.blobs.delete(digest)


def test_a_reading_of_the_same_image_at_that_moment_keeps_its_objects(site):
    one, slow = read(site), Slow(site)
    erase(replace(site, blobs=slow), one.image.digest, reason="asked", by=ADMIN)
    assert recall(site, slow.met[0].id)


def test_what_is_unknown_or_has_no_reason_is_not_erased(site):
    one = read(site)
    with pytest.raises(NoSuchPrediction):
        erase(site, "e" * 64, reason="asked", by=ADMIN)
    with pytest.raises(NoSuchPrediction):
        erase(site, "unknown", reason="asked", by=ADMIN)
    for reason in (" ", "x" * 201):
        with pytest.raises(BadInput):
            erase(site, one.id, reason=reason, by=ADMIN)
    assert recall(site, one.id)


@pytest.mark.parametrize("bent", ["hidden", "pretended"])
def test_a_mark_without_its_entry_or_an_entry_without_its_mark_is_found(site, tmp_path, bent):
    one, other = read(site), read(site, 1)
    erase(site, one.id, reason="asked", by=ADMIN)
    with closing(sqlite3.connect(tmp_path / "radlens.sqlite")) as database, database:
        if bent == "hidden":
            database.execute("DELETE FROM erasures")
        else:
            database.execute("UPDATE erasures SET prediction = ?", (other.id,))
    with pytest.raises(
        BrokenChain, match="not marked so" if bent == "hidden" else "no entry says so"
    ):
        verify_records(site)
