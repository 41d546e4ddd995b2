"""A bundle becomes a version in the registry, or nothing at all."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.bundle import MANIFEST, Bundle, bundle_of
from radlens.domain.errors import BadBundle, Conflict, UnknownTask
from radlens.domain.model import Manifest
from radlens.domain.registry import Stage, Version
from radlens.ports import Site
from radlens.usecases.attempt import attempted

# What ships does not pass the gate of a site: its figures are its makers', and stand on its card.
SHIPPED = "It ships with RadLens; its card says what it is worth."
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def register(
    site: Site,
    read: Callable[[], Mapping[str, bytes]],
    *,
    by: Actor,
    reason: str = "",
    source: str = "upload",
) -> Version:
    """Register a bundle as a candidate, once it was checked, loaded and proven here.

    ``read`` gives its parts. Raises BadBundle, UnknownTask, or Conflict where it is registered
    already.
    """
    with attempted(site, Verb.ADD_MODEL, "", by=by):
        version, act = proven(site, read(), by=by, reason=reason, source=source)
        site.registry.add(version, act)
        return version


def proven(
    site: Site, parts: Mapping[str, bytes], *, by: Actor, reason: str, source: str
) -> tuple[Version, Act]:
    """A bundle that was checked, loaded and proven, as a candidate that is not registered yet.

    Its parts are among the objects; the act is for the transaction that registers it. Raises as
    ``register``.
    """
    bundle = _checked(site, parts)
    _must_be_new(site, bundle)
    site.live.load(bundle)
    return _stored(site, bundle, Stage.CANDIDATE, by=by, reason=reason, source=source)


def register_shipped(site: Site, parts: Mapping[str, bytes], *, by: Actor) -> Version:
    """Register a bundle that ships with the program: live where its task has no live version.

    It is proven before it answers for the first time, not now.
    """
    bundle = _checked(site, parts)
    _must_be_new(site, bundle)
    taken = site.registry.versions(task=bundle.manifest.task, stage=Stage.LIVE)
    stage = Stage.CANDIDATE if taken else Stage.LIVE
    version, act = _stored(site, bundle, stage, by=by, reason=SHIPPED, source="gallery")
    site.registry.add(version, act)
    return version


def _checked(site: Site, parts: Mapping[str, bytes]) -> Bundle:
    task = Manifest.from_json(parts.get(MANIFEST, b"")).task
    if task not in site.tasks:
        raise UnknownTask(
            f"The bundle is for the task {task!r}, which has no card here.",
            hint=f"The tasks here are: {', '.join(sorted(site.tasks))}.",
        )
    bundle = bundle_of(parts, site.tasks[task])
    if not NAME.fullmatch(bundle.manifest.version):
        raise BadBundle(
            "The bundle's version has no name that can be written down.",
            hint="A name has letters, digits and . _ + - alone, 100 at most.",
        )
    return bundle


def _must_be_new(site: Site, bundle: Bundle) -> None:
    manifest = bundle.manifest
    for known in site.registry.versions(task=manifest.task):
        if known.digest == bundle.digest:
            raise Conflict(
                f"The version {known.version} is registered already; it is {known.stage}.",
                hint=f"`radlens models show {known.digest[:12]}` tells of it.",
            )
        if known.version == manifest.version:
            raise Conflict(
                f"The task {known.task} has another version of the name {known.version}.",
                hint="Give the bundle a name of its own: its content differs.",
            )


def _stored(
    site: Site, bundle: Bundle, stage: Stage, *, by: Actor, reason: str, source: str
) -> tuple[Version, Act]:
    """Objects first, then one transaction: a version on record always has its parts."""
    files = {name: site.blobs.put(content) for name, content in bundle.parts.items()}
    manifest = bundle.manifest
    version = Version(
        digest=bundle.digest,
        task=manifest.task,
        version=manifest.version,
        stage=stage,
        source=source,
        time=site.clock(),
        by=by,
        files=files,
        facts=_facts(manifest),
    )
    detail = {
        "task": version.task,
        "version": version.version,
        "stage": stage,
        "source": source,
        "files": files,
        "reason": reason,
    }
    return version, Act(version.time, by, Verb.ADD_MODEL, version.digest, detail)


def _facts(manifest: Manifest) -> dict[str, Any]:
    """What lists show of a version; all of it stands in its manifest and its card."""
    lineage, data = manifest.provenance, manifest.provenance.get("dataset")
    dataset = data if isinstance(data, Mapping) else {}
    return {
        "architecture": manifest.architecture,
        "statement": manifest.statement,
        "lineage": {
            "run": lineage.get("run"),
            "made": lineage.get("time"),
            "dataset": dataset.get("name"),
            "dataset_digest": dataset.get("sha256"),
        },
        "metrics": {
            name: entry
            for name, entry in manifest.metrics.items()
            if isinstance(entry, Mapping) and {"value", "low", "high"} <= entry.keys()
        },
    }
