"""What readers signed becomes a dataset, with where each truth comes from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from radlens.domain.audit import Actor
from radlens.domain.errors import BadDataset, UnknownTask
from radlens.domain.prediction import Prediction
from radlens.domain.review import Decision, Opinion, Review, answers_of
from radlens.ports import Site
from radlens.usecases.datasets import register_as
from radlens.usecases.erase import erase
from radlens.usecases.from_reviews import from_reviews
from radlens.usecases.predict import predict
from radlens.usecases.review import review, undo
from radlens.usecases.worklist import claim
from tests.builders import TASKS, picture, png, tiny_site

ANN = Actor("ann", "page")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with tiny_site(tmp_path) as opened:
        yield opened


def read(site: Site, seed: int = 0, task: str = "chest-xray") -> Prediction:
    return predict(site, png(picture(seed)), task=task, by=ANN)


def sign(site: Site, prediction: Prediction, *others: Opinion) -> Review:
    """Accept what was reported, but for what is said otherwise."""
    claim(site, prediction.id, by=ANN, amend=True)
    named = {opinion.label for opinion in others}
    reported = [label for label, there in answers_of(prediction).items() if there]
    accepted = [Opinion(one, None, Decision.ACCEPT) for one in reported if one not in named]
    return review(site, prediction.id, [*accepted, *others], by=ANN)


def edit(label: str, present: bool | None) -> Opinion:  # noqa: FBT001
    return Opinion(label, present, Decision.EDIT, "as I see it")


def test_the_truth_is_what_was_signed_and_the_rest_is_unknown(site):
    prediction = read(site)
    others = [edit("Mass", True), edit("Edema", False), edit("Nodule", None)]  # noqa: FBT003
    signed = sign(site, prediction, *others)
    made = from_reviews(site, "chest-xray", name="ours")
    [image] = made.images
    assert image.stored == prediction.image
    assert site.blobs.get(image.digest)
    truth = dict(zip(made.labels, image.truth, strict=True))
    assert (truth["Mass"], truth["Edema"], truth["Nodule"]) == (1.0, 0.0, None)
    decided = {opinion.label for opinion in signed.opinions}
    assert {label for label, there in truth.items() if there is None} == (
        set(made.labels) - decided | {"Nodule"}
    )
    assert (image.about["review"], image.about["prediction"]) == (signed.id, prediction.id)
    assert "ann" not in str(image)
    assert made.history["models"] == {prediction.model.digest: 1}
    assert register_as(site, made).name == "ours"


def test_of_one_image_the_last_review_counts_and_what_was_taken_back_does_not(site):
    first = read(site)
    sign(site, first, edit("Mass", True))  # noqa: FBT003
    sign(site, read(site), edit("Mass", False))  # noqa: FBT003
    gone = sign(site, read(site), edit("Mass", True))  # noqa: FBT003
    undo(site, gone.id, by=ANN)
    [image] = from_reviews(site, "chest-xray", name="ours").images
    assert dict(zip(TASKS["chest-xray"].names, image.truth, strict=True))["Mass"] == 0.0


def test_of_labels_that_exclude_each_other_one_holds_or_the_image_is_left_out(site):
    known, unknown, erased = (read(site, seed, "brain-tumor") for seed in range(3))
    [answer] = [label for label, there in answers_of(known).items() if there]
    sign(site, known)
    [reported] = [label for label, there in answers_of(unknown).items() if there]
    sign(site, unknown, edit(reported, None))
    sign(site, erased)
    erase(site, erased.id, reason="asked", by=ANN)
    made = from_reviews(site, "brain-tumor", name="ours")
    [image] = made.images
    assert image.truth == tuple(float(name == answer) for name in made.labels)
    assert made.history["left_out"] == {"erased": 1, "no answer": 1}


def test_without_a_signature_there_is_no_dataset(site):
    read(site)
    with pytest.raises(BadDataset, match="No reader has concluded"):
        from_reviews(site, "chest-xray", name="ours")
    with pytest.raises(UnknownTask):
        from_reviews(site, "nothing", name="ours")


def test_what_two_readers_have_yet_to_conclude_is_no_truth(site):
    twice = replace(site, readings=2)
    sign(twice, read(twice))
    with pytest.raises(BadDataset):
        from_reviews(site, "chest-xray", name="ours")
