"""Which images a canary reads, and when it has to stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from radlens.domain.criteria import Criteria
from radlens.domain.metrics import binomial_tail
from radlens.domain.scan import Scan

# How unlikely it must be that chance alone did what was seen. Small, for it is asked after each
# answer, and a canary that is stopped for nothing costs trust in the rule.
ALPHA = 0.001


def chosen(scan: Scan, share: float) -> bool:
    """Whether this image is of the share (0 to 1) that the canary reads.

    It hangs on the decoded pixels alone: the same image is read by the same version wherever and
    however often it is sent, and a larger share keeps the images of a smaller one.
    """
    shape = f"{scan.pixels.dtype} {scan.pixels.shape}\0".encode()
    digest = sha256(shape + scan.pixels.tobytes()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


@dataclass(frozen=True)
class Tally:
    """What a canary did with its latest images, and the live model with the same ones.

    ``answers`` and ``failures`` are the canary's. ``read`` is how many of its answers the live
    model gave too or failed to give (``live_failures``); ``changed`` counts by label how often the
    two did not agree whether to report it.
    """

    answers: int = 0
    failures: int = 0
    read: int = 0
    live_failures: int = 0
    changed: Mapping[str, int] | None = None


def reason_to_stop(tally: Tally, criteria: Criteria, *, labels: int) -> str | None:
    """Why the canary has to stop, in a sentence with the counts; None where it may go on.

    One-sided exact binomial tests: of its failures against the live model's share of them (at
    least the one that the card lets through), and of each label's changes against the card's.
    """
    seen, both = tally.answers + tally.failures, tally.read - tally.live_failures
    live = tally.live_failures / tally.read if tally.read else 0.0
    usual = max(live, criteria.canary_errors)
    if tally.failures and binomial_tail(tally.failures, seen, usual) < ALPHA:
        return (
            f"It failed on {tally.failures} of {seen} images that the live version read; "
            f"{usual:.1%} would be let through."
        )
    for label, count in (tally.changed or {}).items():
        if binomial_tail(count, both, criteria.canary_changes) < ALPHA / labels:
            return (
                f"It changed the answer for {label} on {count} of {both} images; "
                f"{criteria.canary_changes:.1%} would be let through."
            )
    return None
