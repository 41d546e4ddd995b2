"""The sheet of every PDF: A4, numbered, with all fonts inside."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from io import BytesIO
from itertools import chain
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, SimpleDocTemplate, Table

from radlens.reports import style
from radlens.reports.fonts import REGULAR
from radlens.reports.style import text

MARGIN = 16 * mm
FRAME_PADDING = 6  # points, that reportlab adds on each side
WIDTH = A4[0] - 2 * MARGIN

Pairs = Sequence[tuple[str, str]]


def sheet(
    story: Sequence[Flowable], *, title: str, subject: str, foot: str, time: datetime
) -> bytes:
    """A document of these parts; ``foot`` stands at the foot of every page beside its number.

    The same parts give the same bytes.
    """
    stream = BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=MARGIN - FRAME_PADDING,
        rightMargin=MARGIN - FRAME_PADDING,
        topMargin=14 * mm,
        bottomMargin=18 * mm,
        title=title,
        author="RadLens",
        subject=subject,
        creator="RadLens",
        producer="RadLens",
        lang="en",
        displayDocTitle=True,
        invariant=1,
        initialFontName=REGULAR,
    )
    document.build(list(story), canvasmaker=partial(_Numbered, foot=foot, time=time))
    return stream.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas that knows how many pages there are before it writes the first footer."""

    def __init__(self, *args: Any, foot: str, time: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self._foot = foot
        self._pages: list[dict[str, Any]] = []
        offset = time.strftime("%z") or "+0000"
        written = f"D:{time:%Y%m%d%H%M%S}{offset[:3]}'{offset[3:5]}'"
        self.setDateFormatter(lambda *_: written)

    def showPage(self) -> None:  # noqa: N802  # reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            self._footer(len(self._pages))
            super().showPage()
        super().save()

    def _footer(self, pages: int) -> None:
        number = f"page {self.getPageNumber()} of {pages}"
        line = Table(
            [[text(self._foot, style.SMALL), text(number, style.SMALL_RIGHT)]],
            colWidths=[WIDTH - 30 * mm, 30 * mm],
            style=style.FOOTER,
        )
        line.wrapOn(self, WIDTH, 10 * mm)
        line.drawOn(self, MARGIN, 9 * mm)


def section(title: str) -> list[Flowable]:
    """A heading, on the next page where it would stand almost alone at the foot of this one."""
    return [CondPageBreak(26 * mm), text(title, style.SECTION, bold=True)]


def pairs(said: Pairs, across: int) -> Flowable:
    """Terms and what is said of them, ``across`` pairs in a row."""
    cells = [[text(term, style.TERM), text(words, style.CELL)] for term, words in said]
    cells += [["", ""]] * (-len(cells) % across)
    table = [list(chain(*cells[i : i + across])) for i in range(0, len(cells), across)]
    term = (28 if across == 1 else 22) * mm
    return Table(table, colWidths=[term, WIDTH / across - term] * across, style=style.PLAIN)
