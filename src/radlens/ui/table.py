"""A table whose rows can be opened, by mouse, finger or keyboard."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import streamlit as st

HERE = Path(__file__).parent


class Row(TypedDict):
    """One line: the id that opening it gives, and a text for each column."""

    id: str
    cells: list[str]


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


_table = st.components.v2.component(
    "radlens.table",
    html="<table><caption></caption><thead></thead><tbody></tbody></table>",
    css=_part("table.css"),
    js=_part("shortcuts.js") + _part("table.js"),
)


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    key: str = "table",
    keys: bool = False,
) -> str | None:
    """Draw the rows; the id of the one that was opened just now. ``key`` is the table's own.

    With ``keys``, the letters j and k go to the next and the previous row.
    """
    data = {"caption": caption, "columns": list(columns), "rows": list(rows), "keys": keys}
    opened: str | None = _table(key=key, data=data, on_open_change=lambda: None).open
    return opened
