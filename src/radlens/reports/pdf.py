"""Prediction -> PDF: a report to print and to file, A4, with every font inside."""

from datetime import datetime
from functools import partial
from io import BytesIO
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Image, SimpleDocTemplate, Spacer, Table

from radlens.domain.prediction import Prediction
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.imaging.overlay import overlay, shown_rgb, to_jpeg
from radlens.reports import style
from radlens.reports.content import Picture, Report, Row, report
from radlens.reports.fonts import REGULAR, register
from radlens.reports.style import text

MARGIN = 16 * mm
FRAME_PADDING = 6  # points, that reportlab adds on each side
WIDTH = A4[0] - 2 * MARGIN
PICTURE = (82 * mm, 82 * mm)
LONGEST = 720  # pixels of a picture's longer side: 210 to the inch in print
OPACITY = 0.6
DASH = "\N{EN DASH}"


def pdf(
    prediction: Prediction,
    *,
    task: Task,
    scan: Scan,
    evidence: NDArray[np.float32],
    site_name: str = "",
) -> bytes:
    """The report of one prediction: the same bytes for the same input, whenever it is asked for.

    ``evidence`` has shape (labels, rows, cols). Raises Corrupted where it does not fit the
    findings and NoSuchLabel where the card has lost one of their labels.
    """
    said = report(prediction, task=task, evidence=evidence)
    register()
    stream = BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=MARGIN - FRAME_PADDING,
        rightMargin=MARGIN - FRAME_PADDING,
        topMargin=14 * mm,
        bottomMargin=18 * mm,
        title=f"RadLens report: {said.title}",
        author="RadLens",
        subject=f"Prediction {prediction.id}",
        creator="RadLens",
        producer="RadLens",
        lang="en",
        displayDocTitle=True,
        invariant=1,
        initialFontName=REGULAR,
    )
    maker = partial(_Numbered, prediction_id=prediction.id, time=prediction.time)
    document.build(_story(said, scan, site_name), canvasmaker=maker)
    return stream.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas that knows how many pages there are before it writes the first footer."""

    def __init__(self, *args: Any, prediction_id: str, time: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self._prediction_id = prediction_id
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
        line = Table(
            [
                [
                    text(f"RadLens · Prediction {self._prediction_id}", style.SMALL),
                    text(f"page {self.getPageNumber()} of {pages}", style.SMALL_RIGHT),
                ]
            ],
            colWidths=[WIDTH - 30 * mm, 30 * mm],
            style=style.FOOTER,
        )
        line.wrapOn(self, WIDTH, 10 * mm)
        line.drawOn(self, MARGIN, 9 * mm)


def _story(said: Report, scan: Scan, site_name: str) -> list[Flowable]:
    return [
        *_head(said, site_name),
        *_result(said),
        _pictures(said.picture, scan),
        *_section("All findings, in the order of the task card"),
        _findings(said.rows),
        *_sentences(said.sentences),
        *_section("Where this answer comes from"),
        _pairs(said.provenance, 1),
        *_section("Intended use and limits"),
        text(said.intended_use, style.BODY),
        text(said.disclaimer, style.BODY),
    ]


def _head(said: Report, site_name: str) -> list[Flowable]:
    line = [text("RadLens report", style.BRAND, bold=True), text(site_name, style.SITE)]
    return [
        Table([line], colWidths=[50 * mm, WIDTH - 50 * mm], style=style.PLAIN),
        text(said.title, style.TITLE, bold=True),
        Table([[text(said.disclaimer, style.BODY)]], colWidths=[WIDTH], style=style.NOTICE),
        Spacer(0, 3 * mm),
        _pairs(said.facts, 2),
    ]


def _result(said: Report) -> list[Flowable]:
    first, *rest = said.summary
    lines = [text(first, style.LEAD, bold=True), *(text(line, style.BODY) for line in rest)]
    if said.statement:
        lines.append(text(f"About this model: {said.statement}", style.BODY))
    return [*_section("Result"), *lines, Spacer(0, 3 * mm)]


def _pictures(picture: Picture, scan: Scan) -> Flowable:
    """Image and heat map side by side; where there is no evidence, the words in its place."""
    gap = WIDTH - 2 * PICTURE[0]
    plain = _image(shown_rgb(scan, longest=LONGEST))
    beside = text(picture.caption, style.BODY)
    if picture.heat is not None:
        beside = _image(overlay(scan, picture.heat, opacity=OPACITY, longest=LONGEST))
    captions = ["The image as it was read.", picture.caption if picture.heat is not None else ""]
    left, right = (text(caption, style.SMALL) for caption in captions)
    return Table(
        [[plain, "", beside], [left, "", right]],
        colWidths=[PICTURE[0], gap, PICTURE[0]],
        style=style.PICTURES,
    )


def _image(pixels: NDArray[np.uint8]) -> Flowable:
    rows, cols = pixels.shape[:2]
    scale = min(PICTURE[0] / cols, PICTURE[1] / rows)
    return Image(BytesIO(to_jpeg(pixels)), cols * scale, rows * scale)


def _findings(rows: tuple[Row, ...]) -> Flowable:
    heads = ("Finding", "Probability", "Operating point", "Reported", "Tier and advice", "Urgency")
    widths = [57 * mm, 20 * mm, 23 * mm, 15 * mm, 0, 17 * mm]
    widths[4] = WIDTH - sum(widths)
    table = [[text(head, style.SMALL, bold=True) for head in heads], *map(_cells, rows)]
    marked = [
        ("BACKGROUND", (0, i), (-1, i), style.TINT)
        for i, row in enumerate(rows, start=1)
        if row.reported == "yes"
    ]
    return Table(table, colWidths=widths, repeatRows=1, style=[*style.FINDINGS, *marked])


def _cells(row: Row) -> list[list[Flowable]]:
    return [
        [text(row.title, style.CELL, bold=True), text(row.meaning, style.SMALL)],
        [text(row.probability, style.CELL), text(row.calibrated, style.SMALL)],
        [text(row.point, style.CELL)],
        [text(row.reported, style.CELL, bold=row.reported == "yes")],
        [text(row.tier or DASH, style.CELL, bold=True), text(row.advice, style.SMALL)],
        [text(row.urgency or DASH, style.CELL)],
    ]


def _sentences(sentences: tuple[tuple[str, str], ...]) -> list[Flowable]:
    """Each sentence with its codes, if any."""
    lines = _section("In words, and how often that was right")
    for said, codes in sentences:
        lines.append(text(said, style.LEADING if codes else style.BODY))
        lines += [text(codes, style.CODES)] if codes else []
    return lines


def _section(title: str) -> list[Flowable]:
    """A heading, on the next page where it would stand almost alone at the foot of this one."""
    return [CondPageBreak(26 * mm), text(title, style.SECTION, bold=True)]


def _pairs(pairs: tuple[tuple[str, str], ...], across: int) -> Flowable:
    """Terms and what is said of them, ``across`` pairs in a row."""
    cells = [[text(term, style.TERM), text(said, style.CELL)] for term, said in pairs]
    cells += [["", ""]] * (-len(cells) % across)
    table = [list(chain(*cells[i : i + across])) for i in range(0, len(cells), across)]
    term = (28 if across == 1 else 22) * mm
    return Table(table, colWidths=[term, WIDTH / across - term] * across, style=style.PLAIN)
