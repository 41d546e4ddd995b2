"""A version leaves as the zip that registers it elsewhere."""

from hashlib import sha256

from radlens.domain.archive import archive_of
from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.errors import WrongStage
from radlens.domain.registry import Version
from radlens.ports import Site
from radlens.usecases.attempt import attempted


def export_model(site: Site, reference: str, *, by: Actor) -> tuple[Version, bytes]:
    """A version and its bundle as a zip; that it leaves is on record before it does.

    Raises NoSuchVersion, WrongStage where it has no bundle, NoSuchObject or DigestMismatch where
    a part is not what was registered.
    """
    with attempted(site, Verb.EXPORT_MODEL, reference, by=by):
        version = site.registry.get(reference)
        if not version.loadable:
            raise WrongStage(
                f"The version {version.version} of an older application has no bundle.",
                hint="Convert its weights with `radlens models convert`.",
            )
        parts = {name: site.blobs.get(digest) for name, digest in version.files.items()}
        archive = archive_of(parts, version.version)
        detail = {
            "task": version.task,
            "version": version.version,
            "archive": sha256(archive).hexdigest(),
        }
        site.trail.note(Act(site.clock(), by, Verb.EXPORT_MODEL, version.digest, detail))
    return version, archive
