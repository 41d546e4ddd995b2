"""A process that takes and signs cases: ``readers.py HOME PLACE NAME``.

It says "ready" and waits. For each line it says one:

- "all" takes the next case and signs it, until none is left: the ids that it took;
- "kill ID STEP" signs a case that it has in a child that kills itself at that step of the commit,
  counted from 1: "killed NUMBER-OF-SIGNAL", or "done 0" where it had no step so late.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from radlens.bootstrap import open_bare
from radlens.domain.audit import Actor
from radlens.domain.review import Decision, Opinion
from radlens.ports import Site
from radlens.storage.reviews import SqlReviews
from radlens.usecases.review import review
from radlens.usecases.worklist import claim_next
from tests.contracts.crew import settings
from tests.contracts.stores import open_database
from tests.contracts.swapper import Deadly

OPINIONS = (Opinion("Edema", None, Decision.ACCEPT),)


def sign(site: Site, prediction_id: str, by: Actor) -> None:
    review(site, prediction_id, OPINIONS, by=by)


def took_all(home: Path, place: str, by: Actor) -> str:
    taken = []
    with open_bare(settings(home, place)) as site:
        while case := claim_next(site, by=by):
            taken.append(case.prediction.id)
            sign(site, case.prediction.id, by)
    return " ".join(taken)


def killed(home: Path, place: str, by: Actor, prediction_id: str, step: int) -> str:
    child = os.fork()  # nothing is open yet, and no thread runs
    if child == 0:
        with open_bare(settings(home, place)) as site:
            reviews = SqlReviews(Deadly(open_database(place), step))
            sign(replace(site, reviews=reviews), prediction_id, by)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return f"{'killed' if os.WIFSIGNALED(status) else 'done'} {status & 0x7F or status >> 8}"


def main(home: str, place: str, name: str) -> None:
    by = Actor(name, "page")
    print("ready", flush=True)
    for line in sys.stdin:
        order, *rest = line.split()
        if order == "all":
            print(took_all(Path(home), place, by), flush=True)
        else:
            print(killed(Path(home), place, by, rest[0], int(rest[1])), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
