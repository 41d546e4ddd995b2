"""The pipeline as SVG, wide for a screen and tall for a phone; the style sheet shows one."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from radlens.ui.pipeline import Flow, Half, Step

# The engine of the pages takes drawings out of HTML: this one comes as a component.
_diagram = st.components.v2.component(
    "radlens.diagram",
    html="<figure></figure>",
    css=Path(__file__).with_name("diagram.css").read_text(encoding="utf-8"),
    js="export default ({ data, parentElement }) => {"
    "  parentElement.querySelector('figure').innerHTML = data.svg; };",
)

WIDE, TALL = 1200, 340
HEAD = 34  # a half's title


class Box(NamedTuple):
    """Where a step is drawn."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


def draw(halves: Sequence[Half], flows: Sequence[Flow]) -> None:
    """Show both drawings, with the same words for whoever cannot see them."""
    _diagram(key="diagram", data={"svg": diagram(halves, flows)})


def diagram(halves: Sequence[Half], flows: Sequence[Flow]) -> str:
    """The two drawings as SVG."""
    return _wide(halves, flows) + _tall(halves, flows)


def in_words(halves: Sequence[Half], flows: Sequence[Flow]) -> str:
    """What the drawing says, as sentences."""
    rows = [
        f"{half.title}: {', then '.join(f'{step.name} ({step.now})' for step in half.steps)}."
        for half in halves
    ]
    rows += [f"From {flow.start} to {flow.end}: {flow.says}." for flow in flows]
    return " ".join(rows)


def _wide(halves: Sequence[Half], flows: Sequence[Flow]) -> str:
    gap, high, lane = 34, 74, 190
    boxes: dict[str, Box] = {}
    for row, half in enumerate(halves):
        width = (WIDE - 4 - gap * (len(half.steps) - 1)) / len(half.steps)
        for column, step in enumerate(half.steps):
            boxes[step.name] = Box(2 + column * (width + gap), 56 + row * lane, width, high)
    parts = [_title(2, 20 + row * lane, half.title) for row, half in enumerate(halves)]
    for half in halves:
        parts += [_right(boxes[a.name], boxes[b.name]) for a, b in pairwise(half.steps)]
    parts += [_over(boxes[flow.start], boxes[flow.end], flow.says) for flow in flows]
    parts += [_box(boxes[step.name], step) for half in halves for step in half.steps]
    return _svg("rl-wide", WIDE, 56 + lane * (len(halves) - 1) + high + 4, parts, halves, flows)


def _tall(halves: Sequence[Half], flows: Sequence[Flow]) -> str:
    high, gap, width = 50, 18, TALL - 44
    boxes: dict[str, Box] = {}
    parts, y = [], 0.0
    for half in halves:
        parts.append(_title(2, y + 20, half.title))
        y += HEAD
        for step in half.steps:
            boxes[step.name] = Box(2, y, width, high)
            y += high + gap
        y += gap
        parts += [_down(boxes[a.name], boxes[b.name]) for a, b in pairwise(half.steps)]
    parts += [_beside(boxes[f.start], boxes[f.end], 12 + 14 * n) for n, f in enumerate(flows)]
    parts += [_box(boxes[step.name], step) for half in halves for step in half.steps]
    return _svg("rl-tall", TALL, y, parts, halves, flows)


def _svg(
    name: str,
    width: float,
    height: float,
    parts: Iterable[str],
    halves: Sequence[Half],
    flows: Sequence[Flow],
) -> str:
    return (
        f'<svg class="{name}" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(in_words(halves, flows))}">{"".join(parts)}</svg>'
    )


def _title(x: float, y: float, text: str) -> str:
    return f'<text class="half" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _box(box: Box, step: Step) -> str:
    x, y = box.middle
    return (
        f'<g><title>{escape(step.about)}</title><rect x="{box.x:g}" y="{box.y:g}" rx="10" '
        f'width="{box.width:g}" height="{box.height:g}"/>'
        f'<text class="name" x="{x:g}" y="{y - 4:g}">{escape(step.name)}</text>'
        f'<text class="now" x="{x:g}" y="{y + 16:g}">{escape(step.now)}</text></g>'
    )


def _right(one: Box, other: Box) -> str:
    y = one.middle[1]
    return _arrow([(one.x + one.width, y), (other.x, y)])


def _down(one: Box, other: Box) -> str:
    x = one.middle[0]
    return _arrow([(x, one.y + one.height), (x, other.y)])


def _over(one: Box, other: Box, says: str) -> str:
    """Above the boxes of one row, or through the space between two."""
    (x, _), (end, _) = one.middle, other.middle
    if one.y == other.y:
        y = one.y - 18
        points = [(x, one.y), (x, y), (end, y), (end, other.y)]
        return _arrow(points) + _says((x + end) / 2, y - 5, says)
    y = (one.y + one.height + other.y) / 2 - 12
    points = [(x, one.y + one.height), (x, y), (end, y), (end, other.y)]
    return _arrow(points) + _says((x + end) / 2, y - 6, says)


def _beside(one: Box, other: Box, away: float) -> str:
    """Along the right of the boxes of a column."""
    x, y, end = one.x + one.width, one.middle[1], other.middle[1]
    return _arrow([(x, y), (x + away, y), (x + away, end), (x, end)])


def _says(x: float, y: float, text: str) -> str:
    return f'<text class="says" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _arrow(points: Sequence[tuple[float, float]]) -> str:
    """A line through the points with a head at the last."""
    (x0, y0), (x, y) = points[-2:]
    if x0 == x:
        down = 1 if y > y0 else -1
        tip = [(x - 5, y - 8 * down), (x + 5, y - 8 * down)]
    else:
        right = 1 if x > x0 else -1
        tip = [(x - 8 * right, y - 5), (x - 8 * right, y + 5)]
    line = " ".join(f"{a:g},{b:g}" for a, b in points)
    head = " ".join(f"{a:g},{b:g}" for a, b in [*tip, (x, y)])
    return f'<polyline points="{line}"/><polygon points="{head}"/>'
