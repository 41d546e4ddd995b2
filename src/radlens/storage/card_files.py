"""Task cards as files: the package's, a site's own, and what both are called in other languages."""

from collections.abc import Sequence
from pathlib import Path

from radlens.domain.errors import BadSettings
from radlens.domain.task import Task


def task_cards(places: Sequence[Path], language: str) -> dict[str, Task]:
    """The cards of some folders, later ones first, in a language as far as they are told in it.

    Raises BadCard, or BadSettings where no card is told in that language.
    """
    cards = {name: card for place in places for name, card in read_tasks(place).items()}
    if language == "en":
        return cards
    spoken = sorted({path.parent.name for place in places for path in place.glob("*/*.toml")})
    if language not in spoken:
        raise BadSettings(
            f"No card is told in the language {language!r}.",
            hint=f"Known are en, {', '.join(spoken)}; a folder of that name beside a site's cards "
            "adds one.",
        )
    for place in places:
        for path in sorted((place / language).glob("*.toml")):
            if path.stem in cards:
                cards[path.stem] = cards[path.stem].told_in(path.read_text("utf-8"))
    return cards


def read_tasks(folder: Path) -> dict[str, Task]:
    """Every task card of a folder by name; a site's own cards add to the package's."""
    cards = (Task.from_toml(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml")))
    return {card.name: card for card in cards}
