"""Prediction -> PDF: a report to print and to file, A4, with every font inside."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, Spacer, Table

from radlens.domain.prediction import Prediction
from radlens.domain.review import Review
from radlens.domain.scan import Scan
from radlens.domain.task import Task
from radlens.imaging.overlay import overlay, shown_rgb, to_jpeg
from radlens.reports import style
from radlens.reports.content import Picture, Report, Row, report
from radlens.reports.fonts import register
from radlens.reports.page import WIDTH, pairs, section, sheet
from radlens.reports.reading import Reading
from radlens.reports.style import text

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
    said: Sequence[Review] = (),
    site_name: str = "",
) -> bytes:
    """The report of one prediction: the same bytes for the same input, whenever it is asked for.

    ``evidence`` has shape (labels, rows, cols); ``said`` is what readers said. Raises Corrupted
    where the evidence does not fit the findings and NoSuchLabel where the card has lost a label.
    """
    content = report(prediction, task=task, evidence=evidence, said=said)
    register()
    return sheet(
        _story(content, scan, site_name),
        title=f"RadLens report: {content.title}",
        subject=f"Prediction {prediction.id}",
        foot=f"RadLens · Prediction {prediction.id}",
        time=prediction.time,
    )


def _story(said: Report, scan: Scan, site_name: str) -> list[Flowable]:
    return [
        *_head(said, site_name),
        *_reading(said.reader),
        *_result(said),
        _pictures(said.picture, scan),
        *section("All findings, in the order of the task card"),
        _findings(said.rows),
        *_sentences(said.sentences),
        *section("Where this answer comes from"),
        pairs(said.provenance, 1),
        *section("Intended use and limits"),
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
        pairs(said.facts, 2),
    ]


def _reading(reader: Reading) -> list[Flowable]:
    """Who signed, and what holds by that; before what the model says."""
    lines = [
        *section("Final report" if reader.final else "Preliminary report"),
        text(reader.status, style.BODY, bold=True),
    ]
    if reader.impression:
        lines += [text(line, style.BODY) for line in reader.impression.splitlines()]
    if reader.rows:
        heads = ("Finding", "Model", "Reader", "By the reader it is", "Reason")
        widths = [46 * mm, 24 * mm, 20 * mm, 30 * mm, WIDTH - 120 * mm]
        table = [[text(head, style.SMALL, bold=True) for head in heads]]
        table += [
            [
                text(cell, style.CELL)
                for cell in (one.title, one.model, one.done, one.holds, one.reason)
            ]
            for one in reader.rows
        ]
        lines += [
            Spacer(0, 1 * mm),
            Table(table, colWidths=widths, repeatRows=1, style=style.FINDINGS),
        ]
    return lines


def _result(said: Report) -> list[Flowable]:
    first, *rest = said.summary
    admission = text(said.admission, style.BODY, bold=said.doubtful)
    lines = [admission, text(first, style.LEAD, bold=True)]
    lines += [text(line, style.BODY) for line in rest]
    lines += [text(line, style.BODY) for line in said.kept]
    if said.statement:
        lines.append(text(f"About this model: {said.statement}", style.BODY))
    return [*section("Result"), *lines, Spacer(0, 3 * mm)]


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
    lines = section("In words, and how often that was right")
    for said, codes in sentences:
        lines.append(text(said, style.LEADING if codes else style.BODY))
        lines += [text(codes, style.CODES)] if codes else []
    return lines
