"""An evaluation's figures as Vega-Lite, light enough to print, and their PNG."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import altair as alt
import vl_convert

from radlens.domain.evaluation import Evaluation, Measure, Point
from radlens.domain.task import Task
from radlens.reports.fonts import FOLDER

INK, QUIET, ACCENT, LINE = "#0f172a", "#475569", "#0e7490", "#cbd5e1"
FONT = "Roboto"
SCALE = 2  # pixels of a PNG for each of the figure

Spec = dict[str, Any]
Rows = list[dict[str, Any]]


def figures(evaluation: Evaluation, task: Task) -> dict[str, Spec]:
    """Vega-Lite by the figure's name; one that there is nothing to draw of is left out."""
    names = {label.name: label.title for label in task.labels}
    drawn = {
        "labels": _labels(evaluation, names),
        "roc": _curve(
            {names[label]: curves.roc for label, curves in evaluation.curves.items()},
            ("false positive rate", "sensitivity"),
            diagonal=True,
        ),
        "precision-recall": _curve(
            {names[label]: curves.precision_recall for label, curves in evaluation.curves.items()},
            ("sensitivity", "precision"),
        ),
        "risk-coverage": _curve(
            {names.get(of, "all"): line for of, line in evaluation.risk_coverage.items()},
            ("share of the answers, the surest first", "share wrong"),
        ),
        "reliability": _reliability(evaluation, names),
        "confusion": _confusion(evaluation, names),
        "subgroups": _subgroups(evaluation),
        "robustness": _robustness(evaluation),
    }
    return {name: _dressed(chart) for name, chart in drawn.items() if chart is not None}


def png(spec: Spec) -> bytes:
    """The figure as PNG, drawn here: nothing is fetched."""
    _our_fonts()
    image: bytes = vl_convert.vegalite_to_png(spec, scale=SCALE)
    return image


@cache
def _our_fonts() -> None:
    vl_convert.register_font_directory(str(FOLDER))


def _dressed(chart: Any) -> Spec:
    quiet = {"labelColor": QUIET, "titleColor": QUIET, "titleFontWeight": "normal"}
    spec: Spec = (
        chart.configure(background="white", font=FONT, padding=8)
        .configure_axis(**quiet, gridColor="#e2e8f0", domainColor=LINE, tickColor=LINE)
        .configure_header(labelColor=INK, titleColor=INK, labelLimit=170)
        .configure_view(stroke=LINE)
        .to_dict(validate=False)  # slow, and a test does it
    )
    return spec


def _data(rows: Rows) -> alt.InlineData:
    return alt.InlineData(values=rows)


def _interval(measure: Measure) -> dict[str, float]:
    return {"value": measure.value, "low": measure.low, "high": measure.high}


def _forest(rows: Rows, order: list[str], title: str, facet: str | None = None) -> Any:
    """A dot with its interval for each row, one under the other."""
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    scale, axis = alt.Scale(zero=False, nice=True), alt.Axis(tickCount=6, labelOverlap=True)
    whiskers = alt.Chart().mark_rule(color=ACCENT, strokeWidth=2)
    dots = alt.Chart().mark_point(filled=True, size=60, color=ACCENT, opacity=1)
    layers = alt.layer(
        whiskers.encode(y=y, x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2="high:Q"),
        dots.encode(y=y, x=alt.X("value:Q", title=title, scale=scale, axis=axis)),
        data=_data(rows),
    ).properties(width=380, height=alt.Step(22))
    if facet is None:
        return layers
    row = alt.Row(f"{facet}:N", title=None, header=alt.Header(labelAngle=0, labelAlign="left"))
    return layers.facet(row=row).resolve_scale(y="independent")


def _labels(evaluation: Evaluation, names: Mapping[str, str]) -> Any | None:
    rows = [
        {"name": names[label], **_interval(area)}
        for label, scores in evaluation.scores.labels.items()
        if (area := scores.measures["auroc"])
    ]
    order = [str(row["name"]) for row in rows]
    return _forest(rows, order, "AUROC, 95 % interval") if rows else None


def _subgroups(evaluation: Evaluation) -> Any | None:
    """A table with one part alone compares nothing and is left out."""
    parts = Counter(part.by for part in evaluation.subgroups)
    rows = [
        {"by": part.by, "name": f"{part.value} (n = {part.images})", **_interval(area)}
        for part in evaluation.subgroups
        if parts[part.by] > 1 and (area := part.measures.get("mean_auroc"))
    ]
    order = [str(row["name"]) for row in rows]
    return _forest(rows, order, "mean AUROC, 95 % interval", facet="by") if rows else None


def _curve(
    lines: Mapping[str, Sequence[Point]], axes: tuple[str, str], *, diagonal: bool = False
) -> Any | None:
    rows = [{"label": name} | vars(point) for name, line in lines.items() for point in line]
    if not rows:
        return None
    x = alt.X("x:Q", title=axes[0], scale=alt.Scale(domain=[0, 1]), axis=_ticks())
    y = alt.Y("y:Q", title=axes[1], scale=alt.Scale(domain=[0, 1]), axis=_ticks())
    band = alt.Chart().mark_area(color=ACCENT, opacity=0.18, interpolate="step-after")
    line = alt.Chart().mark_line(color=ACCENT, strokeWidth=1.8, interpolate="step-after")
    layers = [band.encode(x=x, y=alt.Y("low:Q", title=axes[1]), y2="high:Q"), line.encode(x=x, y=y)]
    if diagonal:
        layers.append(_diagonal())
    return _panels(layers, rows, list(lines))


def _reliability(evaluation: Evaluation, names: Mapping[str, str]) -> Any | None:
    rows = [
        {"label": names[label], "said": bin_.said, "n": bin_.n, **_interval(bin_.seen)}
        for label, curves in evaluation.curves.items()
        for bin_ in curves.reliability
    ]
    if not rows:
        return None
    x = alt.X("said:Q", title="probability said", scale=alt.Scale(domain=[0, 1]), axis=_ticks())
    y = alt.Y("value:Q", title="share seen", scale=alt.Scale(domain=[0, 1]), axis=_ticks())
    whiskers = alt.Chart().mark_rule(color=ACCENT, strokeWidth=1.5)
    size = alt.Size("n:Q", title="cases", scale=alt.Scale(range=[15, 200]))
    dots = alt.Chart().mark_point(filled=True, color=ACCENT, opacity=0.85)
    layers = [
        _diagonal(),
        whiskers.encode(x=x, y=alt.Y("low:Q", title="share seen"), y2="high:Q"),
        dots.encode(x=x, y=y, size=size),
    ]
    return _panels(layers, rows, [names[label] for label in evaluation.curves])


def _diagonal() -> Any:
    line = alt.Chart().mark_rule(color=LINE, strokeDash=[4, 3])
    return line.encode(x=alt.datum(0), y=alt.datum(0), x2=alt.datum(1), y2=alt.datum(1))


def _ticks() -> alt.Axis:
    return alt.Axis(values=[0, 0.5, 1], format=".1~f")


def _panels(layers: Iterable[Any], rows: Rows, order: list[str]) -> Any:
    """One small panel a label, in the order of the card."""
    panel = alt.layer(*layers, data=_data(rows)).properties(width=132, height=132)
    return panel.facet(facet=alt.Facet("label:N", title=None, sort=order), columns=4)


def _confusion(evaluation: Evaluation, names: Mapping[str, str]) -> Any | None:
    counts = evaluation.scores.confusion
    if counts is None:
        return None
    order = list(names.values())
    rows = [
        {"truth": truth, "answer": answer, "n": n, "share": n / max(sum(of_truth), 1)}
        for truth, of_truth in zip(order, counts, strict=True)
        for answer, n in zip(order, of_truth, strict=True)
    ]
    x = alt.X("answer:N", sort=order, axis=alt.Axis(labelAngle=-20, labelLimit=150))
    y = alt.Y("truth:N", sort=order, axis=alt.Axis(labelLimit=260))
    share = alt.Color(
        "share:Q",
        title="share of the truth",
        scale=alt.Scale(domain=[0, 1], range=["#ffffff", ACCENT], interpolate="rgb"),
        legend=alt.Legend(format="%"),
    )
    ink = alt.condition("datum.share > 0.5", alt.value("#ffffff"), alt.value(INK))
    cells = alt.Chart().mark_rect(stroke=LINE).encode(x=x, y=y, color=share)
    words = alt.Chart().mark_text(fontSize=13).encode(x=x, y=y, text="n:Q", color=ink)
    return alt.layer(cells, words, data=_data(rows)).properties(
        width=alt.Step(84), height=alt.Step(46)
    )


def _robustness(evaluation: Evaluation) -> Any | None:
    rows = [
        {
            "kind": f"{stress.perturbation}, {stress.unit}",
            "figure": name.replace("_", " "),
            "strength": stress.strength,
            "amount": stress.amount,
            **_interval(measure),
        }
        for stress in evaluation.robustness
        for name, measure in stress.measures.items()
        if measure
    ]
    if not rows:
        return None
    x = alt.X("strength:O", axis=alt.Axis(labelAngle=0))
    colour = alt.Color(
        "figure:N",
        title=None,
        scale=alt.Scale(range=[ACCENT, "#b45309"]),
        legend=alt.Legend(orient="top"),
    )
    y = alt.Y("value:Q", title="value", scale=alt.Scale(zero=False))
    band = alt.Chart().mark_area(opacity=0.15).encode(x=x, y="low:Q", y2="high:Q", color=colour)
    line = alt.Chart().mark_line(point=True).encode(x=x, y=y, color=colour)
    panel = alt.layer(band, line, data=_data(rows)).properties(width=132, height=120)
    order = list(dict.fromkeys(str(row["kind"]) for row in rows))
    return panel.facet(facet=alt.Facet("kind:N", title=None, sort=order), columns=4)
