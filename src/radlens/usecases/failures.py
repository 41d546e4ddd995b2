"""The worst errors of an evaluation, for somebody, after the log tells who looks at them."""

from collections.abc import Collection, Sequence

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import NotFound
from radlens.domain.evaluation import Failure
from radlens.domain.ledger import Item, Kind
from radlens.ports import Site
from radlens.usecases.evaluations import PDF

MOST = 10_000


def failures_of(item: Item) -> list[Failure]:
    """The failures of an evaluation's entry, the worst of each kind and label first."""
    return [Failure(**{**each, "truth": tuple(each["truth"])}) for each in item.body["failures"]]


def look_at_failures(site: Site, item: Item, found: Sequence[Failure], *, by: Actor) -> None:
    """Put on record that somebody looks at these images; to be called first."""
    images = sorted({failure.image for failure in found})
    detail = {"evaluation": item.id, "images": images}
    subject: str = item.body["subject"]["dataset_id"]
    site.trail.note(Act(site.clock(), by, Verb.VIEW_IMAGE, subject, detail))


def failure_picture(site: Site, image: str, picture: str) -> bytes | None:
    """The PNG of a failure by the digests of its image and of itself: image beside heat map.

    None where it is not kept, or where the image was erased since. Raises DigestMismatch.
    """
    try:
        site.blobs.get(image)
        return site.blobs.get(picture)
    except NotFound:
        return None


def forget(site: Site, images: Collection[str]) -> list[str]:
    """Destroy the pictures and the reports of evaluations that show one of these images."""
    destroyed = set[str]()
    for item in site.ledger.items(Kind.EVALUATION, limit=MOST):
        shown = {failure.picture for failure in failures_of(item) if failure.image in images}
        names = {*shown, PDF} & item.files.keys() if shown else set[str]()
        destroyed |= {item.files[name] for name in names}
    for digest in destroyed:
        site.blobs.delete(digest)
    return sorted(destroyed)
