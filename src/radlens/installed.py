"""Which of the package's extras are installed here, and what is missing of the others."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

EXTRAS = ("postgres", "s3", "oidc", "lab", "synth")


@dataclass(frozen=True)
class Extra:
    """The packages of an extra, '' being what serving needs, and those that are not here."""

    name: str
    packages: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def add(self) -> str:
        """The command that adds what is missing."""
        return add(self.name) if self.name else "pip install radlens"


def add(*extras: str) -> str:
    """The command that adds some extras."""
    return f"pip install 'radlens[{','.join(extras)}]'"


@cache
def packages(name: str = "") -> Extra:
    """The state of one extra, as it was when this process first asked."""
    wanted = [Requirement(line) for line in requires("radlens") or ()]
    chosen = [r for r in wanted if (r.marker.evaluate({"extra": name}) if r.marker else name == "")]
    missing = tuple(r.name for r in chosen if not _installed(r))
    return Extra(name, tuple(r.name for r in chosen), missing)


def _installed(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False
