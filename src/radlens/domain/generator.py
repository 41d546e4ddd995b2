"""A generator on record: the training or adaptation that it came from, and what is kept of it."""

from dataclasses import dataclass
from typing import ClassVar, Self

from radlens.domain.ledger import Item, Kind
from radlens.domain.run import Run


@dataclass(frozen=True)
class GeneratorRun(Run):
    """One entry of kind GENERATOR: a run whose outcome draws images.

    ``architecture`` is the kind of generator, ``version`` the generator's digest, ``labels`` what
    may be asked of it. Of an adapted one, ``disease`` is what it learned, from so many ``images``,
    and ``prompt`` how it was described; its ``dataset`` is "". ``curve`` has the error on
    held-out images as validation, where lower is better.
    """

    kind: ClassVar[Kind] = Kind.GENERATOR

    labels: tuple[str, ...] = ()
    disease: str = ""
    prompt: str = ""
    images: int = 0

    @property
    def best(self) -> float | None:
        """The lowest error on held-out images so far."""
        return min((row["validation"] for row in self.curve if "validation" in row), default=None)

    @classmethod
    def of(cls, item: Item) -> Self:
        """The run of an entry; raises NoSuchItem where it is of another kind."""
        run = super().of(item)
        object.__setattr__(run, "labels", tuple(run.labels))
        return run
