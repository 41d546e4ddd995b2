"""Which font has a glyph for which character, so that no text is printed as empty boxes."""

from functools import cache
from itertools import groupby
from pathlib import Path
from threading import Lock
from unicodedata import category, normalize
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).parent.parent / "fonts"
REGULAR, BOLD = "Roboto-Regular", "Roboto-Bold"
FALLBACKS = ("DejaVuSans", "NotoSansThai-Regular", "DroidSansFallback-subset")
NO_GLYPH = "\N{REPLACEMENT CHARACTER}"
_ONE_AT_A_TIME = Lock()


def runs(text: str, *, bold: bool = False) -> list[tuple[str, str]]:
    """The text as (font, characters) pairs; a character that no font has becomes U+FFFD.

    Line breaks and other control characters become spaces, invisible format characters go:
    letters are set one by one, unjoined and from left to right.
    """
    shown = (" " if category(c) == "Cc" else c for c in normalize("NFC", text))
    pairs = [_placed(c, BOLD if bold else REGULAR) for c in shown if category(c) != "Cf"]
    return [
        (font, "".join(c for _, c in run)) for font, run in groupby(pairs, key=lambda pair: pair[0])
    ]


def markup(text: str, *, bold: bool = False) -> str:
    """The text as reportlab's paragraph markup, each run in a font that has its glyphs."""
    return "".join(
        f'<font name="{font}">{escape(run)}</font>' for font, run in runs(text, bold=bold)
    )


def register() -> None:
    """Make Roboto known to reportlab; the other fonts are read when a character needs them."""
    _glyphs(REGULAR)
    _glyphs(BOLD)


def _placed(character: str, first: str) -> tuple[str, str]:
    for font in (first, *FALLBACKS):
        if ord(character) in _glyphs(font):
            return font, character
    return first, NO_GLYPH


def _glyphs(font: str) -> frozenset[int]:
    with _ONE_AT_A_TIME:  # two reports at once must not register one font twice
        return _read(font)


@cache
def _read(font: str) -> frozenset[int]:
    """The code points of a font, which is registered under its file's name on first use."""
    loaded = TTFont(font, str(FOLDER / f"{font}.ttf"))
    pdfmetrics.registerFont(loaded)
    return frozenset(loaded.face.charToGlyph)
