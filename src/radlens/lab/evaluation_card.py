"""A card's parts as Markdown."""

from collections.abc import Sequence

from radlens.lab.markdown import table
from radlens.reports.part import Part


def card(title: str, parts: Sequence[Part]) -> str:
    """The card; pictures are named by their files, which stand beside it."""
    return "\n\n".join([f"# {title}", *(_written(part) for part in parts)]) + "\n"


def _written(part: Part) -> str:
    lines = [f"## {part.title}", *part.words]
    lines += [table(part.head, part.rows)] if part.rows else []
    lines += [f"![{_name(picture)}]({picture})" for picture in part.pictures]
    return "\n\n".join(lines)


def _name(picture: str) -> str:
    return picture.partition("/")[2].removesuffix(".png").replace("-", " ")
