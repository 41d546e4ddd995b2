"""A card's parts -> PDF, A4, to print and to file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, Image, KeepTogether, Spacer, Table

from radlens.reports import style
from radlens.reports.fonts import register
from radlens.reports.page import WIDTH, sheet
from radlens.reports.page import section as heading
from radlens.reports.part import Part
from radlens.reports.style import text

TALLEST = 200 * mm
# Points for each pixel of a figure, which is drawn at twice its size.
FIGURE = 0.36
SMALL = 3  # pictures of errors side by side


def card_pdf(
    title: str,
    parts: Sequence[Part],
    *,
    pictures: Mapping[str, bytes],
    foot: str,
    time: datetime,
) -> bytes:
    """The card; ``pictures`` holds the PNG of every picture that a part names."""
    register()
    story: list[Flowable] = [
        text("RadLens evaluation", style.BRAND, bold=True),
        text(title, style.TITLE, bold=True),
    ]
    for part in parts:
        story += _drawn_part(part, pictures)
    return sheet(story, title=f"RadLens: {title}", subject=title, foot=foot, time=time)


def _drawn_part(part: Part, pictures: Mapping[str, bytes]) -> list[Flowable]:
    """Heading, words, table, pictures; where there is no table the first picture stays with it."""
    words = [*heading(part.title), *(text(words, style.BODY) for words in part.words)]
    drawn = _pictures([name for name in part.pictures if name in pictures], pictures)
    if part.rows:
        return [*words, _table(part), *drawn]
    return [KeepTogether([*words, *drawn[:2]]), *drawn[2:]]


def _table(part: Part) -> Flowable:
    widths = _widths(part)
    rows = [[text(cell, style.CELL) for cell in row] for row in part.rows]
    if not any(part.head):
        return Table(rows, colWidths=widths, style=style.PLAIN)
    head = [text(name, style.SMALL, bold=True) for name in part.head]
    return Table([head, *rows], colWidths=widths, repeatRows=1, style=style.FINDINGS)


def _widths(part: Part) -> list[float]:
    """Shares of the width by the longest cell of each column, none under 12 % or over half."""
    longest = [
        max(len(cell) for cell in column) for column in zip(part.head, *part.rows, strict=True)
    ]
    shares = [min(max(n / sum(longest), 0.12), 0.5) for n in longest]
    return [WIDTH * share / sum(shares) for share in shares]


def _pictures(names: Sequence[str], pictures: Mapping[str, bytes]) -> list[Flowable]:
    """Figures one under the other; pictures of errors in rows, each with its name."""
    figures = [name for name in names if name.startswith("figures/")]
    errors = [name for name in names if name not in figures]
    drawn = [_drawn(pictures[name]) for name in figures]
    rows = [errors[i : i + SMALL] for i in range(0, len(errors), SMALL)]
    return [Spacer(0, 2 * mm), *drawn, *(_row(row, pictures) for row in rows)]


def _drawn(png: bytes) -> Flowable:
    cols, rows = ImageReader(BytesIO(png)).getSize()
    scale = min(FIGURE, WIDTH / cols, TALLEST / rows)
    return Image(BytesIO(png), cols * scale, rows * scale, hAlign="LEFT")


def _row(names: Sequence[str], pictures: Mapping[str, bytes]) -> Flowable:
    wide = WIDTH / SMALL
    cells = []
    for name in names:
        cols, rows = ImageReader(BytesIO(pictures[name])).getSize()
        scale = (wide - 3 * mm) / cols
        words = name.removeprefix("failures/").removesuffix(".png")
        cells.append(
            [
                Image(BytesIO(pictures[name]), cols * scale, rows * scale),
                Spacer(0, 1 * mm),
                text(words, style.SMALL),
            ]
        )
    cells += [[]] * (SMALL - len(cells))
    return Table([cells], colWidths=[wide] * SMALL, style=style.PICTURES)
