"""How guesses at passwords are slowed down.

Failures count for an account from one address, and for an address alone: whoever guesses at an
account waits longer and longer, while its owner signs in from another address as ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

FORGOTTEN = timedelta(hours=1)  # after the last failure
LONGEST = timedelta(minutes=15)


@dataclass(frozen=True)
class Guesses:
    """Failures of one subject in a row, and when the last one was."""

    failures: int
    last: datetime


@dataclass(frozen=True)
class Limit:
    """A subject that failures are counted for, and how many of them cost nothing."""

    subject: str
    free: int

    def wait(self, known: Guesses | None, now: datetime) -> timedelta:
        """How long until the next guess may be made; doubles with each failure."""
        count = counted(known, now)
        if known is None or count < self.free:
            return timedelta(0)
        pause = min(LONGEST, timedelta(seconds=2 ** min(count - self.free, 20)))
        # A clock that was set back makes nobody wait for longer than the pause itself.
        return min(pause, max(timedelta(0), known.last + pause - now))


def counted(known: Guesses | None, now: datetime) -> int:
    """The failures that still count."""
    return known.failures if known and now - known.last < FORGOTTEN else 0


def limits(name: str, origin: str) -> tuple[Limit, Limit]:
    """What a sign-in counts for: the account from this address, and the address."""
    place = _network(origin)
    return Limit(f"{name} from {place}", 5), Limit(f"from {place}", 30)


def _network(origin: str) -> str:
    """An address as attackers can vary it: IPv6 gives everybody a whole /64."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(getattr(address, "ipv4_mapped", None) or address)
