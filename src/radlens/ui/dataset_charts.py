"""What is drawn of a dataset: counts by class and split, greys, ages."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from radlens.ui.drawing import COLOURS, ROW, data, show


def by_class(rows: Sequence[Mapping[str, Any]]) -> None:
    """Positive images of each label (``label``, ``split``, ``images``), stacked by split."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    splits = list(dict.fromkeys(row["split"] for row in rows))
    chart = (
        alt.Chart(data(rows))
        .mark_bar(cornerRadiusEnd=3, height={"band": 0.65})
        .encode(
            x=alt.X("images:Q", title=None, axis=_numbers()),
            y=alt.Y("label:N", sort=labels, title=None, axis=_names()),
            color=alt.Color(
                "split:N",
                scale=alt.Scale(domain=splits, range=list(COLOURS[: len(splits)])),
                legend=alt.Legend(orient="top", title=None, columns=1),
            ),
            tooltip=["label:N", "split:N", "images:Q"],
        )
        .properties(height=ROW)
    )
    said = "; ".join(f"{row['label']} in {row['split']}: {row['images']}" for row in rows)
    show(chart, f"Positive images of each label by split. {said}")


def greys(lines: Mapping[str, Sequence[float]]) -> None:
    """The share of pixels at each grey from black (0) to white (1), a line for each name."""
    rows = [
        {"of": name, "grey": (at + 0.5) / len(shares), "share": share}
        for name, shares in lines.items()
        for at, share in enumerate(shares)
    ]
    names = list(lines)
    chart = (
        alt.Chart(data(rows))
        .mark_line(strokeWidth=2.5, interpolate="monotone")
        .encode(
            x=alt.X("grey:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format="%")),
            color=alt.Color(
                "of:N",
                scale=alt.Scale(domain=names, range=list(COLOURS[: len(names)])),
                legend=alt.Legend(orient="top", title=None, columns=1),
            ),
            strokeDash=alt.StrokeDash("of:N", sort=names, legend=None),
        )
        .properties(height=300)
    )
    peaks = (f"{name}: most at {_peak(shares):.0%}" for name, shares in lines.items())
    show(chart, f"Share of pixels at each grey, from black to white. {'; '.join(peaks)}")


def counted(rows: Mapping[str, int], what: str) -> None:
    """How many images there are of each, in the order of ``rows``."""
    counts = [{"of": name, "images": n} for name, n in rows.items()]
    chart = (
        alt.Chart(data(counts))
        .mark_bar(cornerRadiusEnd=3, height={"band": 0.65}, color=COLOURS[0])
        .encode(
            x=alt.X("images:Q", title=None, axis=_numbers()),
            y=alt.Y("of:N", sort=list(rows), title=None, axis=_names()),
            tooltip=["of:N", "images:Q"],
        )
        .properties(height=ROW)
    )
    said = "; ".join(f"{name}: {n}" for name, n in rows.items())
    show(chart, f"Images by {what}. {said}")


def _peak(shares: Sequence[float]) -> float:
    return (max(range(len(shares)), key=shares.__getitem__) + 0.5) / len(shares)


def _names() -> alt.Axis:
    return alt.Axis(labelLimit=220, labelOverlap=False, ticks=False)


def _numbers() -> alt.Axis:
    return alt.Axis(tickCount=6, format=",d")
