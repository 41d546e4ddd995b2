"""A dataset whose truth is what readers signed, to train on later."""

from collections import Counter

from radlens.domain.dataset import Dataset, Image
from radlens.domain.errors import BadDataset, UnknownTask
from radlens.domain.prediction import Prediction
from radlens.domain.review import Review
from radlens.domain.task import Mode, Task
from radlens.ports import Site

Truth = tuple[float | None, ...]


def from_reviews(site: Site, task: str, *, name: str) -> Dataset:
    """The images of concluded cases of a task, each with its last final review as the truth.

    A label that the review does not name, or says the image does not tell, is unknown. Left out,
    and counted in the dataset's history, is what was erased, and of labels that exclude each
    other what names no answer. It is not on record yet, and not yet split. Raises UnknownTask,
    or BadDataset where nothing remains.
    """
    if task not in site.tasks:
        raise UnknownTask(f"There is no task {task!r}.")
    card, left_out = site.tasks[task], Counter[str]()
    found = dict[str, tuple[Prediction, Review, Truth]]()
    for review in site.reviews.final(task):
        prediction = site.records.get(review.prediction)
        truth = _truth(review, card)
        if prediction.erased:
            left_out["erased"] += 1
        elif truth is None:
            left_out["no answer"] += 1
        else:  # of one image that was read twice, the later review
            found[prediction.image.digest] = prediction, review, truth
    if not found:
        raise BadDataset(
            f"No reader has concluded a case of {task} that could be trained on.",
            hint="Review cases on the page Worklist & Review first.",
        )
    models = Counter(review.model for _, review, _ in found.values())
    return Dataset(
        name=name,
        task=task,
        labels=card.names,
        images=tuple(_image(number, *one) for number, one in enumerate(found.values(), 1)),
        history={
            "made": "reviews",
            "left_out": dict(sorted(left_out.items())),
            "models": dict(sorted(models.items())),
        },
    )


def _truth(review: Review, card: Task) -> Truth | None:
    """What holds for each label of the card; None where labels exclude each other and none does."""
    present = {one.label: one.present for one in review.opinions}
    if card.mode is Mode.MULTI_CLASS:
        answers = [label for label, there in present.items() if there]
        return tuple(float(name in answers) for name in card.names) if len(answers) == 1 else None
    held = (present.get(name) for name in card.names)
    return tuple(None if there is None else float(there) for there in held)


def _image(number: int, prediction: Prediction, review: Review, truth: Truth) -> Image:
    stored = prediction.image
    about = {"source": "review", "review": review.id, "prediction": prediction.id}
    if stored.modality:
        about["modality"] = stored.modality
    return Image(
        file=f"{number}-{stored.digest[:8]}",
        stored=stored,
        split="",
        patient="",  # a pseudonym would outlive the erasure of its image there
        truth=truth,
        about=about,
    )
