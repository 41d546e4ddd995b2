"""A process that stores until it is stopped: ``writer.py NAME COUNT [LIMIT]``.

It says "ready" and waits. For each line, "records PLACE" or "blobs PLACE", it opens the store at
that place, says each of COUNT things that the store has acknowledged, or the kind of the error
that ended it. ``LIMIT`` is the size in bytes that no file may pass.
"""

import resource
import sys
from collections.abc import Callable
from random import Random

from radlens.domain.errors import RadLensError
from radlens.storage.records import SqlRecords
from tests.contracts.stores import open_blobs, open_database
from tests.storage.samples import a_prediction, an_act


def main(name: str, count: str, limit: str = "") -> None:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    say("ready")
    for line in sys.stdin:
        try:
            keep = keeper(*line.split())
            for number in range(int(count)):
                say(keep(f"{name}-{number}"))
        except RadLensError as error:
            say(error.kind)


def keeper(store: str, place: str) -> Callable[[str], str]:
    if store == "blobs":
        blobs = open_blobs(place)
        return lambda key: blobs.put(Random(key).randbytes(30_000))  # noqa: S311
    records = SqlRecords(open_database(place))

    def add(key: str) -> str:
        prediction = a_prediction(key)
        return records.add(prediction, an_act(prediction)).id

    return add


def say(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
