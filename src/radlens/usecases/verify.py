"""Does the record still say what was said?"""

from collections.abc import Iterator

from radlens.domain.audit import Entry, Verb, verify
from radlens.domain.errors import BrokenChain, NoSuchPrediction
from radlens.domain.prediction import fingerprint
from radlens.ports import Site


def verify_records(site: Site) -> int:
    """How many audit entries there are, each in its place and each prediction as it was recorded.

    Raises BrokenChain and names the first that does not fit. A tail that was cut off whole is
    not seen from inside the chain.
    """

    def checked() -> Iterator[Entry]:
        for entry in site.records.audit():
            yield entry
            if entry.act.verb == Verb.PREDICT:
                _check(site, entry)

    return verify(checked())


def _check(site: Site, entry: Entry) -> None:
    try:
        found = fingerprint(site.records.get(entry.act.subject))
    except NoSuchPrediction as error:
        raise BrokenChain(f"The prediction of audit entry {entry.seq} is gone.") from error
    if found != entry.act.detail["record"]:
        raise BrokenChain(f"The prediction of audit entry {entry.seq} was changed.")
