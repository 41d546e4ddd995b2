"""A site from a backup: all of it is checked, then all of it written, and only where nothing is."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.backup import Contents, Part, Table
from radlens.domain.errors import BadBackup, DigestMismatch, NotEmpty
from radlens.ports import Site
from radlens.usecases.backup import CONTENTS, Seen
from radlens.usecases.verify import Verified, verify_records

NAME = re.compile(r"tables/[a-z_]+\.jsonl|files/[a-z.-]+|files/tasks/(?:[a-z-]+/)?[\w.-]+\.toml")
CHUNK = 2**20


@dataclass(frozen=True)
class Backup:
    """A backup whose every byte was checked against its list; ``digest`` is the list's own."""

    archive: ZipFile
    contents: Contents
    digest: str

    def act(self, time: datetime, by: Actor) -> Act:
        """That a site was restored from it."""
        taken = self.contents.time.isoformat()
        return Act(time, by, Verb.RESTORE, self.digest, {"taken": taken})

    def tables(self) -> Iterator[Table]:
        """The tables in the order in which they were written."""
        for name in self.contents.parts:
            if name.startswith("tables/"):
                with self.archive.open(name) as stream:
                    columns = tuple(json.loads(stream.readline()))
                    yield Table(name[7:-6], columns, map(json.loads, stream))

    def objects(self) -> Iterator[bytes]:
        """Every object."""
        return (self.archive.read(f"objects/{digest}") for digest in self.contents.objects)

    def files(self) -> Mapping[str, bytes]:
        """The files of the site's folder by their place in it."""
        names = [name for name in self.contents.parts if name.startswith("files/")]
        return {name[6:]: self.archive.read(name) for name in names}


@contextmanager
def opened(path: Path, *, seen: Seen) -> Iterator[Backup]:
    """A backup, checked; raises BadBackup, or DigestMismatch and names what is damaged."""
    try:
        with ZipFile(path) as archive:
            _checked_names(archive)
            text = archive.read(CONTENTS)
            contents = Contents.from_json(text)
            _check(archive, contents, seen)
            yield Backup(archive, contents, sha256(text).hexdigest())
    except (BadZipFile, KeyError, OSError, EOFError) as error:
        raise BadBackup(f"{path.name} is no backup, or was cut short: {error}.") from error


def rehearse(kept: Backup, trial: Site, act: Act) -> Verified:
    """Restore the tables into a site in memory, where the chain and every record must verify.

    Whose key it was that signed the checkpoints is for whoever knows it to compare. Raises
    BadBackup where a newer RadLens made it: it may say what this one would not understand.
    """
    _not_newer(kept.contents, trial)
    trial.stores.fill(kept.tables(), act)
    with trial.stores.snapshot() as found:
        known = {*kept.contents.objects, *kept.contents.missing}
        if unknown := set(found.objects) - known:
            raise BadBackup(f"The backup lacks {len(unknown)} objects that its tables name.")
    second = trial.seal.kept() if trial.seal else []
    signers = {one.statement.key for one in (*trial.trail.checkpoints(), *second)}
    return verify_records(trial, trusted=signers)


def _not_newer(contents: Contents, site: Site) -> None:
    with site.stores.snapshot() as own:
        if contents.schema > own.schema:
            raise BadBackup(
                f"The backup was made by a newer RadLens (schema {contents.schema}, here "
                f"{own.schema}).",
                hint=f"Install RadLens {contents.radlens}, which made it, and restore with that.",
            )


def restore(kept: Backup, site: Site, act: Act, *, seen: Seen) -> None:
    """Bring what was rehearsed into an empty site; raises NotEmpty, and nothing was changed then.

    Objects first: stopped half-way, the site is still empty, and the same can be done again.
    """
    if not site.stores.vacant():
        raise NotEmpty("The site is not empty, and a backup is restored only into one that is.")
    for done, content in enumerate(kept.objects(), start=1):
        site.blobs.put(content)
        seen(done, len(kept.contents.objects))
    site.stores.fill(kept.tables(), act)


def _checked_names(archive: ZipFile) -> None:
    """Nothing compressed, so nothing that swells; nothing twice, so nothing unchecked is read."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise BadBackup("The backup holds a part twice.")
    if any(entry.compress_type != ZIP_STORED for entry in archive.infolist()):
        raise BadBackup("The backup is compressed, which `radlens backup` never does.")


def _check(archive: ZipFile, contents: Contents, seen: Seen) -> None:
    """Every part against its digest; raises DigestMismatch and names the first that differs."""
    wanted = dict(contents.parts)
    if strange := [name for name in wanted if not NAME.fullmatch(name)]:
        raise BadBackup(f"The backup holds a part that belongs in none: {strange[0]}.")
    wanted |= {f"objects/{digest}": Part(digest) for digest in contents.objects}
    if other := set(archive.namelist()) ^ {*wanted, CONTENTS}:
        raise BadBackup(f"{len(other)} parts are missing or strange, first {min(other)}.")
    for done, (name, part) in enumerate(wanted.items(), start=1):
        digest, lines = _read(archive, name)
        if digest != part.sha256 or part.rows not in (None, lines - 1):
            raise DigestMismatch(
                f"{name} of the backup is not what was written.",
                hint="Take another backup; nothing was changed.",
            )
        seen(done, len(wanted))


def _read(archive: ZipFile, name: str) -> tuple[str, int]:
    digest, lines = sha256(), 0
    with archive.open(name) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines
