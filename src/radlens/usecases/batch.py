"""Read many files with as many workers as the site has; a bad file never ends the run."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from radlens.domain.audit import Actor
from radlens.domain.errors import BadInput, RadLensError, TooLarge, UnreadableImage
from radlens.domain.prediction import Prediction
from radlens.ports import Site
from radlens.usecases.predict import predict
from radlens.usecases.refuse import refuse


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    file: Path
    answer: Prediction | RadLensError


def batch(
    site: Site, files: Sequence[Path], *, task: str, by: Actor, run: str | None = None
) -> Iterator[Outcome]:
    """Each file's outcome as it is ready; raises what stops every file, such as a full disk.

    With a ``run``, a file that this run has already put on record is not recorded again.
    """
    site.live.current(task)
    pending: set[Future[Outcome]] = set()
    with ThreadPoolExecutor(site.workers) as pool:
        try:
            for file in files:
                pending.add(pool.submit(_one, site, file, task, by, run))
                if len(pending) >= 4 * site.workers:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one(site: Site, file: Path, task: str, by: Actor, run: str | None) -> Outcome:
    try:
        upload = contents(file, site.bounds.upload_bytes)
    except BadInput as error:
        refuse(site, error, task=task, by=by)
        return Outcome(file, error)
    try:
        model = site.live.current(task).ref.digest
        key = (
            run
            and sha256(
                b"\0".join((os.fsencode(run), bytes(file), model.encode(), upload))
            ).hexdigest()
        )
        return Outcome(file, predict(site, upload, task=task, by=by, key=key))
    except BadInput as error:
        return Outcome(file, error)


def contents(file: Path, most: int) -> bytes:
    """A file's bytes; raises TooLarge before reading more than ``most``, or UnreadableImage."""
    try:
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise UnreadableImage(
            f"The file cannot be opened: {error.strerror}.", hint="Check its name and rights."
        ) from error
    if len(content) > most:
        raise TooLarge(f"The file has more than {most:,} bytes.")
    return content
