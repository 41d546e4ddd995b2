"""A site as it is after years: 100,000 predictions on record, thousands of cases concluded."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice
from random import Random

from radlens.bootstrap import open_site
from radlens.domain.audit import Act, Actor, Verb
from radlens.domain.prediction import Prediction
from radlens.domain.review import Decision, Opinion
from radlens.domain.worklist import RANKS, Case
from radlens.ports import Site
from radlens.settings import Settings
from radlens.storage import statements
from radlens.storage.database import Database
from radlens.storage.places import open_database
from radlens.storage.rows import PREDICTION, prediction_row, zoned
from radlens.usecases.review import review
from radlens.usecases.worklist import BATCH, claim_next
from tests.long_log import answers
from tests.storage.samples import NOON

READERS = [Actor(name, "page") for name in ("ada", "bob", "eve")]
NAMES = PREDICTION.split(", ")
MINUTE = timedelta(minutes=1)
DIFFERENT = 200  # answers; each is on record many times, of another image at another time


def fill(settings: Settings, *, predictions: int, reviews: int) -> None:
    """Put predictions on record, and conclude some of their cases, the most urgent first.

    Of each urgency there are as many. One review in ten rejects a finding; one case in fifty is
    taken and stays in its reader's hands. The log is chained; the fingerprints of these records
    are not in it.
    """
    with open_site(settings) as site:
        place = settings.database or f"sqlite://{settings.home}/radlens.sqlite"
        with closing(open_database(place)) as database:
            _record(database, predictions)
        _list(site)
        for number in range(reviews):
            _conclude(site, number)


def _record(database: Database, count: int) -> None:
    rng, made = Random(0), list(islice(answers(0), DIFFERENT))  # noqa: S311
    rows, marks = [prediction_row(one) for one in made], ", ".join("?" * (len(NAMES) + 1))
    insert = f"INSERT INTO predictions ({PREDICTION}, seq) VALUES ({marks})"  # noqa: S608
    with database.writing() as sql:
        for number in range(count):
            which, time = number % DIFFERENT, NOON - (count - number) * MINUTE
            one = replace(made[which], id=f"{rng.getrandbits(128):032x}", time=time)
            image = f"{rng.getrandbits(256):064x}"
            own = {"id": one.id, "time": zoned(time), "image_digest": image}
            entry = statements.append(sql, _act(one))
            row = [own.get(name, value) for name, value in zip(NAMES, rows[which], strict=True)]
            sql.execute(insert, (*row, entry.seq))


def _act(prediction: Prediction) -> Act:
    detail = {"task": prediction.model.task, "image": prediction.image.digest}
    return Act(prediction.time, prediction.by, Verb.PREDICT, prediction.id, detail)


def _list(site: Site) -> None:
    ranks = cycle(RANKS)
    while new := site.worklist.unlisted(limit=BATCH):
        site.worklist.admit({one.prediction: next(ranks) for one in new})


def _conclude(site: Site, number: int) -> None:
    by = READERS[number % len(READERS)]
    case = claim_next(site, by=by)
    if case and number % 50:
        review(site, case.prediction.id, _opinions(case, number), by=by)


def _opinions(case: Case, number: int) -> list[Opinion]:
    found, odd = case.prediction.findings, Random(number)  # noqa: S311
    rejected = odd.randrange(len(found)) if number % 10 == 0 else None
    return [
        Opinion(one.label, None, Decision.REJECT, "not so")
        if place == rejected
        else Opinion(one.label, None, Decision.ACCEPT)
        for place, one in enumerate(found)
    ]
