"""The curves of runs: error on training images and score on validation images, by epoch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt

from radlens.domain.run import Run
from radlens.ui.drawing import COLOURS, data, show
from radlens.ui.run_words import Stage, title

HEIGHT, LINE = 260, 20  # pixels: of a chart, and of a line of its legend
MARK = "#94a3b8"


class Panel(NamedTuple):
    """One of the two charts: the entry of a curve that it draws, and its name in words."""

    entry: str
    words: str


LOSS = Panel("loss", "Error on training images")


def score(metric: str) -> Panel:
    """How good it is on images that it does not learn from."""
    return Panel("validation", f"{metric[:1].upper()}{metric[1:]} on validation images")


def curves(runs: Sequence[Run], panel: Panel) -> None:
    """A line for each run over its epochs; the best epoch has a ring where scores are drawn."""
    names = [title(run) for run in runs]
    rows = [
        _row(title(run), at, row, panel, best=at == run.best_epoch)
        for run in runs
        for at, row in enumerate(run.curve)
    ]
    base = alt.Chart(data(rows)).encode(x=_epochs(), y=_values(), color=_colours(names))
    layers: list[alt.Chart] = [
        base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=28)).encode(
            strokeDash=alt.StrokeDash("of:N", sort=names, legend=_legend(names)),
            tooltip=_tips(panel),
        )
    ]
    if panel.entry == "validation":
        layers.append(_rings(base))
    said = "; ".join(_said(run, panel) for run in runs if run.curve)
    chart = alt.LayerChart(layer=layers).properties(height=_height(names))
    show(chart, f"{panel.words} by epoch. {said}")


def staged(stages: Sequence[Stage], panel: Panel) -> None:
    """The curves of runs that went on from each other, one after the other, with the changes."""
    rows: list[dict[str, object]] = []
    changes: list[dict[str, float]] = []
    for number, stage in enumerate(stages, start=1):
        if rows:
            changes.append({"epoch": len(rows) + 0.5})
        first = len(rows)
        for at, row in enumerate(stage.run.curve):
            best = at == stage.run.best_epoch
            rows.append(_row(f"stage {number}", first + at, row, panel, best=best))
    names = [f"stage {number}" for number in range(1, len(stages) + 1)]
    base = alt.Chart(data(rows)).encode(x=_epochs(), y=_values(), color=_colours(names))
    line = base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=28))
    rules = alt.Chart(data(changes)).mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color=MARK)
    layers = [line.encode(tooltip=_tips(panel)), rules.encode(x="epoch:Q"), _rings(base)]
    where = ", ".join(f"{change['epoch'] - 0.5:.0f}" for change in changes)
    said = "; ".join(
        f"stage {number}: {_said(stage.run, panel)}" for number, stage in enumerate(stages, start=1)
    )
    chart = alt.LayerChart(layer=layers).properties(height=_height(names))
    show(chart, f"{panel.words} by epoch; the stage changes after epoch {where}. {said}")


def _row(of: str, at: int, row: Any, panel: Panel, *, best: bool) -> dict[str, object]:
    return {"of": of, "epoch": at + 1, "value": row[panel.entry], "best": best}


def _rings(base: alt.Chart) -> alt.Chart:
    rings: alt.Chart = base.transform_filter("datum.best")
    rings = rings.mark_point(size=170, strokeWidth=2.5, filled=False)
    return rings.encode(tooltip="of:N")


def _said(run: Run, panel: Panel) -> str:
    values = [row[panel.entry] for row in run.curve]
    if not values:
        return f"{title(run)}, no epoch yet"
    best = ""
    if panel.entry == "validation" and run.best is not None and run.best_epoch is not None:
        best = f", at its best {run.best:.3f} in epoch {run.best_epoch + 1}"
    return f"{title(run)} from {values[0]:.3f} to {values[-1]:.3f} in {len(values)} epochs{best}"


def _epochs() -> alt.X:
    return alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, format="d"))


def _values() -> alt.Y:
    return alt.Y("value:Q", title=None, scale=alt.Scale(zero=False))


def _colours(names: Sequence[str]) -> alt.Color:
    return alt.Color(
        "of:N",
        scale=alt.Scale(domain=list(names), range=list(COLOURS[: len(names)])),
        legend=_legend(names),
    )


def _legend(names: Sequence[str]) -> alt.Legend | None:
    """One line a run, which has room on a phone; none where there is but one."""
    if len(names) == 1:
        return None
    return alt.Legend(
        orient="top", title=None, columns=1, labelLimit=260, symbolType="stroke", symbolSize=300
    )


def _height(names: Sequence[str]) -> int:
    return HEIGHT + (LINE * len(names) if len(names) > 1 else 0)


def _tips(panel: Panel) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("of:N", title="Run"),
        alt.Tooltip("epoch:Q", title="Epoch"),
        alt.Tooltip("value:Q", title=panel.words, format=".4f"),
    ]
