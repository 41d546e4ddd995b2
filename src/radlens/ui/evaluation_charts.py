"""What is drawn of an evaluation: curves with their bands, dots with their intervals."""

from collections.abc import Iterable, Mapping, Sequence

import altair as alt

from radlens.domain.evaluation import Bin, Cut, Measure, Point, Stress
from radlens.domain.finding import percent
from radlens.reports.evaluation import NAMES
from radlens.reports.part import shown
from radlens.ui.drawing import COLOURS, ROW, data, show

HEIGHT = 260  # pixels
LONGEST, LETTER = 180, 7  # of a name
QUIET, BAND = "#64748b", 0.22
LINE, MARK = COLOURS[:2]
SPOKEN = (0.1, 0.2, 0.5, 0.8)  # where a curve is read aloud

Place = tuple[float, float]


def curve(
    points: Sequence[Point],
    axes: tuple[str, str],
    title: str,
    *,
    diagonal: bool = False,
    mark: Place | None = None,
    most: float = 1.0,
) -> None:
    """A line with the band of its intervals; ``mark`` is a point that was chosen on it.

    ``most`` is what the scale of ``y`` ends at.
    """
    base = alt.Chart(data([vars(point) for point in points]))
    x, y = _share("x", axes[0]), _share("y", axes[1], most)
    tips = [
        alt.Tooltip("x:Q", title=axes[0], format=".2f"),
        alt.Tooltip("y:Q", title=axes[1], format=".3f"),
        alt.Tooltip("low:Q", title="from", format=".3f"),
        alt.Tooltip("high:Q", title="to", format=".3f"),
    ]
    layers: list[alt.Chart] = [
        base.mark_area(color=LINE, opacity=BAND, interpolate="step-after").encode(
            x=x, y=_share("low", axes[1], most), y2="high:Q"
        ),
        base.mark_line(color=LINE, strokeWidth=2.5, interpolate="step-after").encode(
            x=x, y=y, tooltip=tips
        ),
    ]
    layers += [_diagonal()] if diagonal else []
    layers += [_dot(mark)] if mark else []
    said = "; ".join(
        f"{axes[0]} {point.x:.2f}: {axes[1]} {said_point(point)}"
        for point in (_nearest(points, at) for at in SPOKEN)
    )
    show(alt.LayerChart(layer=layers).properties(height=HEIGHT), f"{title}. {said}")


def _nearest(points: Sequence[Point], at: float) -> Point:
    return min(points, key=lambda point: abs(point.x - at))


def said_point(point: Point) -> str:
    """A point of a curve with its interval."""
    if point.low is None or point.high is None:
        return f"{point.y:.3f}"
    return f"{point.y:.3f} ({point.low:.3f} to {point.high:.3f})"


def reliability(bins: Sequence[Bin], title: str) -> None:
    """How often it was there, by the probability that was said; on the line they agree."""
    rows = [{"said": b.said, "n": b.n, **_interval(b.seen)} for b in bins]
    base = alt.Chart(data(rows))
    x, axis = _share("said", "probability said"), "share seen"
    tips = ["said:Q", "value:Q", "low:Q", "high:Q", "n:Q"]
    layers = [
        _diagonal(),
        base.mark_rule(color=LINE, strokeWidth=2).encode(x=x, y=_share("low", axis), y2="high:Q"),
        base.mark_point(filled=True, size=80, color=LINE, opacity=1).encode(
            x=x, y=_share("value", axis), tooltip=tips
        ),
    ]
    said = "; ".join(f"said {percent(b.said)}, seen {shown(b.seen)}, {b.n} cases" for b in bins)
    show(alt.LayerChart(layer=layers).properties(height=HEIGHT), f"{title}. {said}")


def forest(rows: Mapping[str, Measure], title: str, *, zero: bool = False) -> None:
    """A dot with its interval for each name, one under the other; ``zero`` marks no difference."""
    base = alt.Chart(data([{"of": name, **_interval(found)} for name, found in rows.items()]))
    y = alt.Y("of:N", sort=list(rows), title=None, axis=_names(rows))
    scale = alt.Scale(zero=False, nice=True)

    def across(name: str) -> alt.X:
        return alt.X(f"{name}:Q", title=None, scale=scale, axis=alt.Axis(tickCount=5))

    layers: list[alt.Chart] = [
        base.mark_rule(color=LINE, strokeWidth=2.5).encode(y=y, x=across("low"), x2="high:Q"),
        base.mark_point(filled=True, size=70, color=LINE, opacity=1).encode(
            y=y, x=across("value"), tooltip=["of:N", "value:Q", "low:Q", "high:Q"]
        ),
    ]
    if zero:
        rule = alt.Chart(data([{"none": 0}])).mark_rule(color=QUIET, strokeDash=[4, 3])
        layers.append(rule.encode(x="none:Q"))
    said = "; ".join(f"{name} {shown(found)}" for name, found in rows.items())
    show(alt.LayerChart(layer=layers).properties(height=ROW), f"{title}. {said}")


def thresholds(cuts: Sequence[Cut], chosen: Cut, title: str) -> None:
    """Sensitivity and specificity by threshold, with the one that was chosen."""
    names = ("sensitivity", "specificity")
    rows = [
        {"threshold": cut.threshold, "figure": name, **_interval(found)}
        for cut in cuts
        for name in names
        if (found := cut.measures[name])
    ]
    colour = alt.Color(
        "figure:N",
        scale=alt.Scale(domain=list(names), range=[LINE, COLOURS[2]]),
        legend=alt.Legend(orient="top", title=None, columns=1),
    )
    base = alt.Chart(data(rows)).encode(color=colour)
    x = alt.X("threshold:Q", title="threshold", axis=alt.Axis(format="%", tickCount=5))
    rule = alt.Chart(data([{"chosen": chosen.threshold}])).mark_rule(color=MARK, strokeWidth=2)
    layers = [
        base.mark_area(opacity=BAND).encode(x=x, y=_share("low", "share"), y2="high:Q"),
        base.mark_line(strokeWidth=2.5).encode(
            x=x, y=_share("value", "share"), strokeDash=alt.StrokeDash("figure:N", legend=None)
        ),
        rule.encode(x="chosen:Q"),
    ]
    said = "; ".join(f"{name} {shown(chosen.measures[name])}" for name in names)
    words = f"{title}. At {percent(chosen.threshold)}: {said}"
    show(alt.LayerChart(layer=layers).properties(height=HEIGHT + 60), words)


def stress(found: Sequence[Stress], title: str) -> None:
    """Every figure by strength of one perturbation, from the image as it is."""
    rows = [
        {"strength": s.strength, "figure": NAMES[name], **_interval(measure)}
        for s in found
        for name, measure in s.measures.items()
        if measure
    ]
    names = list(dict.fromkeys(str(row["figure"]) for row in rows))
    colour = alt.Color(
        "figure:N",
        scale=alt.Scale(domain=names, range=list(COLOURS[: len(names)])),
        legend=alt.Legend(orient="top", title=None, columns=1),
    )
    base = alt.Chart(data(rows)).encode(color=colour)
    x = alt.X("strength:O", title="strength", axis=alt.Axis(labelAngle=0))
    layers = [
        base.mark_area(opacity=BAND).encode(x=x, y=_share("low", None), y2="high:Q"),
        base.mark_line(point=True, strokeWidth=2.5).encode(
            x=x, y=_share("value", None), tooltip=["strength:O", "figure:N", "value:Q"]
        ),
    ]
    said = "; ".join(
        f"{s.amount:g} {s.unit}: "
        + ", ".join(f"{NAMES[name]} {shown(measure)}" for name, measure in s.measures.items())
        for s in found
    )
    show(alt.LayerChart(layer=layers).properties(height=HEIGHT), f"{title}. {said}")


def _interval(measure: Measure) -> dict[str, float]:
    return {"value": measure.value, "low": measure.low, "high": measure.high}


def _share(name: str, title: str | None, most: float = 1.0) -> alt.X | alt.Y:
    kind = alt.X if name in ("x", "said") else alt.Y
    ticks = alt.Axis(tickCount=5, format=".2~f")
    return kind(f"{name}:Q", title=title, scale=alt.Scale(domain=[0, most]), axis=ticks)


def _diagonal() -> alt.Chart:
    ends = alt.Chart(data([{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
    line = ends.mark_line(color=QUIET, strokeDash=[4, 3], strokeWidth=1.5)
    drawn: alt.Chart = line.encode(x="x:Q", y="y:Q")
    return drawn


def _dot(at: Place) -> alt.Chart:
    place = alt.Chart(data([{"x": at[0], "y": at[1]}]))
    dot = place.mark_point(filled=True, size=130, color=MARK, opacity=1)
    drawn: alt.Chart = dot.encode(x="x:Q", y="y:Q")
    return drawn


def _names(names: Iterable[str]) -> alt.Axis:
    """Room for the longest name: it is measured before its font is there."""
    room = min(LONGEST, max(map(len, names)) * LETTER)
    return alt.Axis(
        labelLimit=LONGEST, minExtent=room, labelOverlap=False, labelFlush=False, ticks=False
    )
