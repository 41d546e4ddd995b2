"""Dataset Insights: all of it from the entries of a dataset and of its scan."""

from dataclasses import replace

import pytest

from radlens.cli.kinds import KINDS
from radlens.domain.account import Caller, Role
from radlens.domain.audit import Verb
from radlens.domain.job import JobState
from radlens.domain.ledger import Item, Kind
from radlens.lab.scan import scan
from radlens.settings import Settings
from radlens.ui import door
from radlens.usecases.datasets import register
from radlens.usecases.jobs import enqueue
from radlens.usecases.work import Worker, work
from tests.builders import TASKS, png
from tests.lab.planted import alike, stored
from tests.ui.conftest import READER, entrance

BRAIN = TASKS["brain-tumor"]


@pytest.fixture
def dataset(site):
    """Sixteen images, of which one repeats in the other split, and one is synthetic."""
    uploads = [png(alike(seed)) for seed in range(15)] + [png(alike(0))]
    made = stored(site, uploads, BRAIN, splits=["train"] * 12 + ["test"] * 4)
    synthetic = replace(made.images[3], about={"source": "drawn", "synthetic": "lesions"})
    images = [synthetic if n == 3 else each for n, each in enumerate(made.images)]
    made = replace(made, images=tuple(images), history={"made": "import"})
    register(site, made)
    return made


@pytest.fixture
def scanned(site, dataset):
    return scan(site, dataset)


def as_role(tmp_path, site, role):
    door.enter(site, Settings(home=tmp_path), entrance(Caller("", "r", role, "page"), demo=False))


def test_without_a_dataset_the_commands_that_make_one_are_named(screen):
    text = screen("dataset_insights").text
    assert "No dataset is on record yet" in text
    assert "<span>import</span> <span>FOLDER</span>" in text


def test_without_a_scan_the_counts_are_shown_and_the_command_that_scans_is_named(screen, dataset):
    page = screen("dataset_insights")
    assert "<b>16</b><span>images</span>" in page.text
    assert "Not scanned yet" in page.text
    assert f"<span>scan</span> <span>{dataset.name}</span>" in page.text
    assert "What the scan found" not in page.text


def test_a_scan_that_was_asked_for_on_the_page_is_done_by_a_worker_and_shown(
    screen, site, dataset, tmp_path
):
    page = screen("dataset_insights")
    next(b for b in page.at.button if b.label == "Scan it now").click().run()
    [job] = site.jobs.jobs()
    assert (job.kind, job.arguments) == ("scan", {"dataset": dataset.id})
    assert "Scan it now" not in [b.label for b in screen("dataset_insights").at.button]
    work(site, Worker("w", KINDS, tmp_path / "jobs"), once=True)
    assert site.jobs.get(job.id).state is JobState.DONE
    assert site.jobs.get(job.id).result["scan"] == site.ledger.items(Kind.SCAN)[0].id
    assert "What the scan found" in screen("dataset_insights").text


def test_a_scan_that_failed_says_why_and_can_be_asked_for_again(screen, site, dataset, tmp_path):
    site.blobs.delete(site.ledger.get(dataset.id).files["images"])
    enqueue(site, "scan", {"dataset": dataset.id}, by=READER.actor)
    work(site, Worker("w", KINDS, tmp_path / "jobs"), once=True)
    page = screen("dataset_insights")
    assert "The last attempt failed" in page.text
    assert "Scan it now" in [b.label for b in page.at.button]


def test_what_the_scan_found_is_counted_and_listed(screen, dataset, scanned):
    text = screen("dataset_insights").text
    assert "<b>1</b><span>pairs that leak from one split into another" in text
    one, other = scanned.body["across"][0]
    assert f">{one}</th>" in text
    assert f"<span>{other}</span>" in text
    assert "<span>split</span> <span>set</span>" in text  # what to do about it
    assert "made by a test" in text


def test_counts_of_every_class_are_those_of_the_dataset(screen, dataset):
    text = screen("dataset_insights").text
    for at, label in enumerate(BRAIN.labels):
        numbers = [
            sum(image.truth[at] == 1 for image in dataset.of(split)) for split in dataset.splits
        ]
        row = text[text.index(f">{label.title}</th>") :].split("</tr>")[0]
        assert [f"<span>{n}</span>" in row for n in numbers] == [True, True]


def test_the_sample_wall_marks_what_is_synthetic_and_is_one_look_in_the_log(
    screen, site, scanned, dataset
):
    text = screen("dataset_insights").text
    assert text.count("data:image/jpeg;base64") == len(scanned.body["wall"])
    assert text.count(">synthetic</span>") == 1
    looks = [e.act for e in site.trail.entries() if e.act.verb == Verb.VIEW_IMAGE]
    assert [act.subject for act in looks] == [dataset.id]
    assert looks[0].by.name == READER.actor.name


def test_a_reader_sees_the_figures_and_no_image(screen, site, scanned, tmp_path):
    as_role(tmp_path, site, Role.READER)
    text = screen("dataset_insights").text
    assert "What the scan found" in text
    assert "data:image" not in text
    assert not [e for e in site.trail.entries() if e.act.verb == Verb.VIEW_IMAGE]


def test_an_erased_image_is_said_to_be_gone_and_the_others_stay(screen, site, scanned):
    site.blobs.delete(scanned.body["wall"][0]["stored"]["digest"])
    text = screen("dataset_insights").text
    assert "no longer stored" in text
    assert "data:image/jpeg;base64" in text


def test_a_scan_of_before_shows_what_it_has(screen, site, scanned):
    since = ("profile", "intensity", "wall", "doubtful_labels")
    body = {name: value for name, value in scanned.body.items() if name not in since}
    site.ledger.put(replace(scanned, id=site.new_id(), body=body, files={}))
    text = screen("dataset_insights").text
    assert "What the scan found" in text
    assert "This scan chose no images" in text


def test_the_dataset_of_the_address_is_shown(screen, site, dataset):
    other = Item(**{**vars(site.ledger.get(dataset.id)), "id": "f" * 64, "name": "newer"})
    site.ledger.put(other)
    assert "<h2>newer</h2>" in screen("dataset_insights").text
    assert "<h2>set</h2>" in screen("dataset_insights", dataset=dataset.id).text


def test_a_dataset_whose_card_is_gone_is_shown_by_its_own_names(screen, site, dataset):
    item = site.ledger.get(dataset.id)
    lost = replace(item, id="e" * 64, body={**item.body, "task": "gone"})
    site.ledger.put(lost)
    text = screen("dataset_insights", dataset="e" * 64).text
    assert "whose card is not on this site" in text
    assert BRAIN.names[0] in text


def test_ten_thousand_pairs_are_counted_and_a_few_are_listed(screen, site, dataset, scanned):
    pairs = [[f"{n}-a", f"{n}-b"] for n in range(10_000)]
    many = replace(scanned, id=site.new_id(), body={**scanned.body, "near": pairs})
    site.ledger.put(many)
    text = screen("dataset_insights").text
    assert "<b>10,000</b>" in text
    assert "9,990 more are in the scan record" in text
    assert site.ledger.items(Kind.SCAN)[0].id == many.id
