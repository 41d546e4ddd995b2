"""How long a browser stays signed in: until it is idle, and never longer than a working day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from radlens.domain.account import Session

# A clock may be corrected a little; one that was set back does not make sessions longer.
CORRECTION = timedelta(minutes=2)


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lives without a sign of its user, and how long at the most."""

    idle: timedelta = timedelta(minutes=30)
    whole: timedelta = timedelta(hours=12)

    def begin(self, *, digest: str, account: str, now: datetime, origin: str) -> Session:
        """A session that begins now."""
        return Session(digest, account, now, now, now + self.whole, origin)

    def alive(self, session: Session, now: datetime) -> bool:
        """Whether a session still counts."""
        within = session.began - CORRECTION <= now < session.expires
        return within and now - session.seen < self.idle

    def due(self, session: Session, now: datetime) -> bool:
        """Whether a sign of its user is worth writing down: often enough, and not each time."""
        return now - session.seen >= min(timedelta(minutes=1), self.idle / 4)
