"""Where a synthetic image comes from, in words that stay with it: enough to draw it again."""

from dataclasses import dataclass, fields
from typing import Any

from radlens.domain.errors import NoSuchItem
from radlens.lab.synth.generator import Drawing

KINDS = {
    "generator": str,
    "label": str,
    "seed": int,
    "index": int,
    "guidance": float,
    "steps": int,
}


@dataclass(frozen=True)
class Provenance:
    """One image: the digest of its generator, how it was asked for, and its number."""

    generator: str
    label: str
    seed: int
    index: int
    guidance: float
    steps: int

    @property
    def text(self) -> str:
        """One line, as it stands in manifests, in ``about["provenance"]`` and in the PNG."""
        return " ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))

    @property
    def drawing(self) -> Drawing:
        return Drawing(self.label, self.seed, self.guidance, self.steps)

    @staticmethod
    def read(text: str) -> "Provenance":
        """The provenance that ``text`` spells; raises NoSuchItem where it spells none."""
        try:
            entries: dict[str, Any] = dict(entry.split("=", 1) for entry in text.split())
            return Provenance(**{name: KINDS[name](value) for name, value in entries.items()})
        except (ValueError, KeyError, TypeError) as error:
            raise NoSuchItem(
                f"The image does not say how it was drawn ({text[:80]!r}).",
                hint="Only images that `radlens synth generate` made can be drawn again.",
            ) from error
