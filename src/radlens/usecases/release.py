"""Which synthetic images of a dataset may be trained on, by what is on record of them."""

from collections.abc import Mapping

from radlens.domain.dataset import Dataset
from radlens.domain.errors import BadDataset, Conflict
from radlens.domain.ledger import Item, Kind
from radlens.domain.release import Release, Utility, release
from radlens.domain.study import Study
from radlens.ports import Site


def releases(site: Site, dataset: Dataset) -> dict[str, Release]:
    """By label of which there are synthetic images; raises BadDataset where there is none.

    Of a dataset that mixes real and synthetic images those on record count that it was made from.
    """
    made = [image for image in dataset.images if image.synthetic]
    if not made:
        raise BadDataset(
            f"{dataset.name} has no synthetic image.", hint="Real images need no release."
        )
    shown = {
        name
        for image in made
        for name, value in zip(dataset.labels, image.truth, strict=True)
        if value == 1
    }
    labels = tuple(name for name in dataset.labels if name in shown)
    for source in (dataset.id, *dataset.parents):
        if found := assessment_of(site, source):
            return release(found, source, labels, utility_of(site, source))
    return release(None, dataset.id, labels, utility_of(site, dataset.id))


def unreleased(site: Site, dataset: Dataset | None) -> list[str]:
    """Why synthetic images that stand beside real ones are not released, one sentence a class.

    A dataset that is all simulated pretends to nothing: its models say so themselves.
    """
    if dataset is None or dataset.simulated or not any(i.synthetic for i in dataset.images):
        return []
    found = releases(site, dataset).values()
    return [f"synthetic images: {each.sentence}" for each in found if not each.released]


def check_released(site: Site, dataset: Dataset) -> None:
    """Raise Conflict, with the reasons, where a class of its synthetic images is blocked."""
    if blocked := [r.sentence for r in releases(site, dataset).values() if not r.released]:
        raise Conflict(
            f"{dataset.name} may not be trained on. {' '.join(blocked)}",
            hint="Measure them again, or draw others; a class that does harm stays without them.",
        )


def assessment_of(site: Site, dataset: str) -> Item | None:
    """The newest assessment of a dataset by its id, or of what it is the version without copies."""
    for item in site.ledger.items(Kind.ASSESSMENT):
        if dataset in (item.parents[0], item.body["without_copies"]):
            return item
    return None


def utility_of(site: Site, dataset: str) -> Mapping[str, Utility]:
    """What the newest study of a dataset says of each label.

    It names the dataset among its parents, and has ``utility`` by label: ``verdict`` and
    ``difference``.
    """
    for item in site.ledger.items(Kind.STUDY):
        if dataset in item.parents and (told := Study.of(item).utility):
            return {label: Utility(e.verdict, e.difference, item.id) for label, e in told.items()}
    return {}
