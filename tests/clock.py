"""A clock that a test may move on, where what happens once a second is not worth waiting for."""

from datetime import UTC, datetime, timedelta


class Ahead:
    """The time, and the seconds more that it was moved on by."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by

    def move(self, seconds: float) -> None:
        self.by += timedelta(seconds=seconds)
