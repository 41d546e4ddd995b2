"""A whole site in one file: as of one moment, while it goes on working."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.backup import Contents, Part, Snapshot, Table
from radlens.domain.dataset import Dataset
from radlens.domain.errors import Corrupted, NoSuchObject, StorageFull, StorageUnavailable
from radlens.ports import Blobs, Site

CONTENTS = "contents.json"
FULL = (ENOSPC, EDQUOT, EFBIG)
# Called with how many objects are done, and how many there are.
Seen = Callable[[int, int], None]


def backup(
    site: Site, target: Path, *, files: Mapping[str, bytes], by: Actor, seen: Seen
) -> tuple[Contents, str]:
    """Write a site and these files of its folder to ``target``; its contents and their digest.

    The file is there whole or not at all, and only if the audit log says so. Raises StorageFull
    or StorageUnavailable; an object that is gone or damaged is named as missing.
    """
    with _drafted(target) as (archive, finish):
        parts = {f"files/{name}": _put(archive, f"files/{name}", files[name]) for name in files}
        with site.stores.snapshot() as snapshot:
            for table in snapshot.tables:
                name = f"tables/{table.name}.jsonl"
                parts[name] = _table(archive, name, table)
        kept, missing = _objects(site.blobs, archive, snapshot, seen)
        contents = Contents(
            radlens=version("radlens"),
            schema=snapshot.schema,
            time=site.clock(),
            parts=parts,
            objects=tuple(kept),
            missing=tuple(missing),
        )
        digest = _put(archive, CONTENTS, contents.to_json()).sha256
        finish()
        site.trail.note(_act(contents, digest, by))
    return contents, digest


def _act(contents: Contents, digest: str, by: Actor) -> Act:
    rows = {name: part.rows for name, part in contents.parts.items() if part.rows is not None}
    detail = {"objects": len(contents.objects), "missing": len(contents.missing), "rows": rows}
    return Act(contents.time, by, Verb.BACK_UP, digest, detail)


def _objects(
    blobs: Blobs, archive: ZipFile, snapshot: Snapshot, seen: Seen
) -> tuple[list[str], list[str]]:
    """Copy every object that the snapshot names; which were copied, and which were not there."""
    wanted, missing = named(blobs, snapshot), set[str]()
    for done, digest in enumerate(sorted(wanted), start=1):
        try:
            _put(archive, f"objects/{digest}", blobs.get(digest))
        except (NoSuchObject, Corrupted):
            missing.add(digest)
        seen(done, len(wanted))
    return sorted(wanted - missing), sorted(missing)


def named(blobs: Blobs, snapshot: Snapshot) -> set[str]:
    """Every object that the snapshot names, those that its datasets name included."""
    wanted = set(snapshot.objects)
    for digest in snapshot.datasets:
        try:
            listed = Dataset.read(blobs.get(digest), name="", history={})
        except (NoSuchObject, Corrupted):
            continue  # it is among the wanted itself, and will be missing there
        wanted |= {image.stored.digest for image in listed.images}
    return wanted


def _table(archive: ZipFile, name: str, table: Table) -> Part:
    """One line for the columns and one for each row."""
    digest, count = sha256(), -1
    with archive.open(_entry(name), "w", force_zip64=True) as stream:
        for count, row in enumerate(_lines(table), start=-1):  # noqa: B007
            digest.update(row)
            stream.write(row)
    return Part(digest.hexdigest(), count + 1)


def _lines(table: Table) -> Iterator[bytes]:
    rows: Iterator[Sequence[object]] = iter(table.rows)
    yield json.dumps(table.columns).encode() + b"\n"
    for row in rows:
        yield json.dumps(list(row)).encode() + b"\n"


def _put(archive: ZipFile, name: str, content: bytes) -> Part:
    archive.writestr(_entry(name), content)
    return Part(sha256(content).hexdigest())


def _entry(name: str) -> ZipInfo:
    """An entry without a date: the same content makes the same bytes."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


@contextmanager
def _drafted(target: Path) -> Iterator[tuple[ZipFile, Callable[[], None]]]:
    """An archive beside the target that takes its place in the end; readable by this user only."""
    draft = target.with_name(f".{target.name}.part")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as file, ZipFile(file, "w") as archive:

            def finish() -> None:
                archive.close()
                file.flush()
                os.fsync(file.fileno())

            yield archive, finish
        draft.replace(target)
    except OSError as error:
        kind = StorageFull if error.errno in FULL else StorageUnavailable
        raise kind(
            f"The backup cannot be written: {error.strerror}.", hint="Name another place for it."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
