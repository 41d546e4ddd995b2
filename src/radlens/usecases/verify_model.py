"""Whether a version is still what was registered, and whether it still answers as it did."""

from collections.abc import Iterator
from dataclasses import dataclass

from radlens.domain.audit import Act, Actor, Outcome, Verb
from radlens.domain.errors import RadLensError
from radlens.domain.registry import Version
from radlens.ports import Site


@dataclass(frozen=True)
class Verified:
    """A version and what is wrong with it: nothing, or a sentence for each trouble."""

    version: Version
    troubles: tuple[str, ...]


def verify_model(site: Site, reference: str, *, by: Actor) -> Verified:
    """Read each part again, hold it against its digest, and ask for the golden answer now.

    The result is on record. Raises NoSuchVersion.
    """
    version = site.registry.get(reference)
    troubles = tuple(dict.fromkeys(_troubles(site, version)))
    outcome = Outcome.FAILED if troubles else Outcome.DONE
    detail = {"task": version.task, "version": version.version, "troubles": list(troubles)}
    site.trail.note(Act(site.clock(), by, Verb.VERIFY_MODEL, version.digest, detail, outcome))
    return Verified(version, troubles)


def _troubles(site: Site, version: Version) -> Iterator[str]:
    for name, digest in version.files.items():
        try:
            site.blobs.get(digest)
        except RadLensError as error:
            yield f"{name}: {error.message}"
    try:
        site.live.warm(version).prove()
    except RadLensError as error:
        yield error.message
