"""The few shapes that the pages are written in: headings, tables, facts, tiles."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

PERCENT = re.compile(r"(?<=\d) (?=%)")


class Html(str):
    """Text that is HTML already; any other is escaped before it is shown or added to it."""

    __slots__ = ()

    def __add__(self, other: str) -> "Html":
        return Html(str(self) + str(safe(other)))


class Tile(NamedTuple):
    """A figure that is read at a glance, what it is, and a line below it."""

    figure: str
    name: str
    line: str = ""


def safe(text: object) -> Html:
    """The text as HTML, where no line ends before a percent sign; what is HTML already stays."""
    if isinstance(text, Html):
        return text
    return Html(PERCENT.sub("\N{NO-BREAK SPACE}", escape(str(text))))


def head(title: str, *lines: str) -> Html:
    """A card's heading with quiet lines below it."""
    below = "".join(f'<p class="rl-fine">{safe(line)}</p>' for line in lines)
    return Html(f'<div class="rl-head"><h2>{safe(title)}</h2>{below}</div>')


def empty(text: str) -> Html:
    """What stands where nothing is on record yet."""
    return Html(f'<p class="rl-empty">{told(text)}</p>')


def told(text: str) -> Html:
    """A sentence as HTML: what stands between backticks in it is a command."""
    parts = str(text).split("`")
    if isinstance(text, Html) or len(parts) % 2 == 0:
        return safe(text)
    return Html("".join(code(part) if n % 2 else safe(part) for n, part in enumerate(parts)))


def code(command: str) -> Html:
    """A command as it is typed; a line breaks between its words alone, and not at hyphens."""
    words = " ".join(f"<span>{escape(word)}</span>" for word in command.split())
    return Html(f"<code>{words}</code>")


def badge(text: str, kind: str = "") -> Html:
    """A word in a pill; ``kind`` is one of the theme's colours."""
    return Html(f'<span class="rl-badge {kind}">{escape(text)}</span>')


def many(number: int, what: str) -> str:
    """A number of things: ``1 run``, ``1,204 runs``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def link(address: str, text: str) -> Html:
    """A link that opens beside this page, and tells another site nothing of it."""
    away = 'target="_blank" rel="noopener noreferrer"'
    return Html(f'<a class="rl-away" href="{escape(address)}" {away}>{escape(text)}</a>')


def inside(address: str, text: str) -> Html:
    """A link to a page or a file of this site."""
    return Html(f'<a href="{escape(address)}" target="_self">{escape(text)}</a>')


def bar(share: float) -> Html:
    """A share of a whole, 0 to 1, to be seen beside its number."""
    return Html(f'<span class="rl-bar"><i style="width:{100 * share:.1f}%"></i></span>')


def tiles(found: Iterable[Tile], kind: str = "") -> Html:
    """Figures side by side, as many in a row as have room; ``rl-long`` ones have long names."""
    items = "".join(
        f"<li><b>{safe(tile.figure)}</b><span>{safe(tile.name)}</span>"
        f"<small>{safe(tile.line)}</small></li>"
        for tile in found
    )
    return Html(f'<ul class="rl-tiles {kind}">{items}</ul>')


def facts(rows: Mapping[str, object], label: str) -> Html:
    """Names and values in two columns; ``label`` says to a screen reader what they are of."""
    items = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in rows.items())
    return Html(f'<dl class="rl-origin" aria-label="{escape(label)}">{items}</dl>')


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table whose first column names its rows; on a phone each row stands on its own."""
    heads = "".join(f'<th scope="col">{safe(column)}</th>' for column in columns)
    body = "".join(_row(columns, row) for row in rows)
    return Html(
        f'<table class="rl-figures rl-stacked"><caption>{safe(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(columns: Sequence[str], row: Sequence[object]) -> str:
    first, *others = row
    cells = "".join(
        f'<td data-column="{escape(column)}">{f"<span>{safe(cell)}</span>" if cell else ""}</td>'
        for column, cell in zip(columns[1:], others, strict=True)
    )
    return f'<tr><th scope="row">{safe(first)}</th>{cells}</tr>'
