"""How a report looks: sizes, colours and lines, light enough to print."""

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, Paragraph

from radlens.reports.fonts import REGULAR, markup

INK, QUIET, ACCENT = HexColor("#0f172a"), HexColor("#475569"), HexColor("#0e7490")
LINE, TINT = HexColor("#cbd5e1"), HexColor("#ecfeff")
AMBER, PALE_AMBER = HexColor("#b45309"), HexColor("#fffbeb")

BODY = ParagraphStyle(
    "body", fontName=REGULAR, fontSize=9, leading=12.5, textColor=INK, spaceAfter=2
)
LEAD = ParagraphStyle("lead", BODY, fontSize=10.5, leading=14, spaceAfter=3)
CELL = ParagraphStyle("cell", BODY, fontSize=8.5, leading=11, spaceAfter=0)
TERM = ParagraphStyle("term", CELL, textColor=QUIET)
SMALL = ParagraphStyle("small", CELL, fontSize=7.5, leading=9.5, textColor=QUIET)
SMALL_RIGHT = ParagraphStyle("small right", SMALL, alignment=TA_RIGHT)
BRAND = ParagraphStyle("brand", CELL, textColor=ACCENT)
SITE = ParagraphStyle("site", CELL, alignment=TA_RIGHT)
TITLE = ParagraphStyle("title", BODY, fontSize=18, leading=23, spaceAfter=5)
SECTION = ParagraphStyle(
    "section", BODY, fontSize=10.5, leading=14, textColor=ACCENT, spaceBefore=10
)
LEADING = ParagraphStyle("leading", BODY, spaceAfter=0, keepWithNext=1)
CODES = ParagraphStyle("codes", SMALL, spaceAfter=4)

_TIGHT = [
    ("FONTNAME", (0, 0), (-1, -1), REGULAR),  # for empty cells too, else Helvetica comes along
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
]
PLAIN = [*_TIGHT, ("RIGHTPADDING", (-1, 0), (-1, -1), 0)]
FOOTER = [*PLAIN, ("LINEABOVE", (0, 0), (-1, 0), 0.5, LINE), ("TOPPADDING", (0, 0), (-1, -1), 3)]
NOTICE = [
    *_TIGHT,
    ("BACKGROUND", (0, 0), (-1, -1), PALE_AMBER),
    ("LINEBEFORE", (0, 0), (0, -1), 2, AMBER),
    ("LEFTPADDING", (0, 0), (-1, -1), 6),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
]
PICTURES = [*_TIGHT, ("RIGHTPADDING", (0, 0), (-1, -1), 0)]
FINDINGS = [
    *_TIGHT,
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ("LINEBELOW", (0, 0), (-1, 0), 1, ACCENT),
    ("LINEBELOW", (0, 1), (-1, -1), 0.5, LINE),
]


def text(words: str, style: ParagraphStyle, *, bold: bool = False) -> Flowable:
    """A paragraph of plain words (no markup), each in a font that has its glyphs."""
    return Paragraph(markup(words, bold=bold), style)
