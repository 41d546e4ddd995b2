"""The ladder of a study: what each rung reached, by images a class, with seeds and claims."""

import altair as alt

from radlens.domain.study import Study
from radlens.reports.part import shown
from radlens.ui.drawing import COLOURS, data, show

HEIGHT, MARK = 340, "#94a3b8"


def ladder(study: Study) -> None:
    """A dot with its interval for each rung and number of images, small ones for its seeds."""
    rungs = list(
        dict.fromkeys([*(level.rung for level in study.levels), *(c["rung"] for c in study.claims)])
    )
    sizes = [f"{n} images a class" for n in sorted({level.per_class for level in study.levels})]
    levels = [
        {
            "rung": level.rung,
            "images": f"{level.per_class} images a class",
            "accuracy": level.accuracy.value,
            "low": level.accuracy.low,
            "high": level.accuracy.high,
        }
        for level in study.levels
    ]
    seeds = [
        {"rung": level.rung, "images": f"{level.per_class} images a class", "seed": reached}
        for level in study.levels
        for reached in level.by_seed
    ]
    x = alt.X(
        "rung:N",
        sort=rungs,
        title=None,
        scale=alt.Scale(domain=rungs),
        axis=alt.Axis(
            labelAngle=0,
            labelExpr="split(datum.label, ' ')",
            labelLimit=110,
            labelOverlap=False,
        ),
    )
    offset = alt.XOffset("images:N", sort=sizes, scale=alt.Scale(domain=sizes))
    colour = alt.Color(
        "images:N",
        scale=alt.Scale(domain=sizes, range=list(COLOURS[: len(sizes)])),
        legend=alt.Legend(orient="top", title=None, columns=1),
    )
    measured = alt.Chart(data(levels)).encode(x=x, xOffset=offset, color=colour)
    drawn = alt.Chart(data(seeds)).encode(x=x, xOffset=offset, color=colour, y=_accuracy("seed"))
    layers: list[alt.Chart] = [
        measured.mark_rule(strokeWidth=2.5).encode(y=_accuracy("low"), y2="high:Q"),
        drawn.mark_tick(thickness=1.5, size=14, opacity=0.75),
        measured.mark_point(filled=True, size=70, opacity=1).encode(
            y=_accuracy("accuracy"),
            tooltip=["rung:N", "images:N", "accuracy:Q", "low:Q", "high:Q"],
        ),
        _claimed(study, x),
    ]
    chart = alt.LayerChart(layer=layers).properties(height=HEIGHT + 20 * len(sizes))
    show(chart, f"Accuracy on test images by rung, with intervals. {_said(study)}")


def _claimed(study: Study, x: alt.X) -> alt.Chart:
    rows = [{"rung": claim["rung"], "claimed": claim["accuracy"]} for claim in study.claims]
    marks = alt.Chart(data(rows)).mark_point(
        shape="diamond", size=120, strokeWidth=2, color=MARK, filled=False
    )
    drawn: alt.Chart = marks.encode(x=x, y=_accuracy("claimed"), tooltip=["rung:N", "claimed:Q"])
    return drawn


def _accuracy(name: str) -> alt.Y:
    return alt.Y(f"{name}:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format="%"))


def _said(study: Study) -> str:
    ours = (
        f"{level.rung}, {level.per_class} images a class: {shown(level.accuracy)}"
        for level in study.levels
    )
    theirs = (
        f"claimed by others for {claim['rung']}: {claim['accuracy']:.2f}" for claim in study.claims
    )
    return "; ".join([*ours, *theirs])
