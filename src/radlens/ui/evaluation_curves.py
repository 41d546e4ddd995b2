"""The curves of one label, and the explorer of its thresholds."""

from collections.abc import Sequence

import streamlit as st

from radlens.domain.errors import RadLensError
from radlens.domain.evaluation import WHOLE, Curves, Cut, Evaluation, Point
from radlens.domain.model import Manifest
from radlens.domain.registry import Version, operating_points
from radlens.domain.task import Task
from radlens.ports import Site
from radlens.reports.part import shown
from radlens.ui import evaluation_charts as charts
from radlens.ui import operating
from radlens.ui.evaluation_choice import Choice
from radlens.ui.evaluation_tables import cases
from radlens.ui.markup import Html, code, empty, head, table
from radlens.ui.spoken import spoken

ROC = ("false positive rate", "sensitivity")
PRECISION = ("sensitivity", "precision")
RISK = ("share of the answers, the surest first", "share wrong")


@st.fragment
def draw(site: Site, choice: Choice, evaluation: Evaluation, task: Task) -> None:
    """Everything about one label, which runs again alone when a slider moves."""
    with spoken():
        names = list(evaluation.curves)
        titles = {each: task.label(each).title for each in names}
        with st.columns(2)[0]:
            name = st.selectbox("Label", names, format_func=titles.__getitem__, key="label-drawn")
        title, found = titles[name], evaluation.curves[name]
        with st.container(border=True, key="card-thresholds"):
            cut = _explorer(site, choice, evaluation, name, title)
        with st.container(border=True, key="card-curves"):
            st.html(head(f"Curves: {title}", f"Bands are 95 % intervals; {cases(evaluation)}."))
            _curves(title, found, cut, *_risk(evaluation, name, title))


def again(choice: Choice) -> Html:
    """The command that measures a version once more."""
    dataset = choice.item.body["subject"]["dataset"] if choice.item else "NAME"
    return code(f"radlens evaluate {choice.model} --dataset {dataset}")


def _explorer(
    site: Site, choice: Choice, evaluation: Evaluation, name: str, title: str
) -> Cut | None:
    found = evaluation.curves[name]
    if not found.cuts:
        st.html(head(f"Threshold explorer: {title}"))
        st.html(empty("This record is older than thresholds are. To measure them:") + again(choice))
        return None
    served = _served(site, choice.version, name)
    key = f"{choice.key}-{name}"
    return operating.explore(title, evaluation.scores.labels[name], found.cuts, served, key)


def _served(site: Site, version: Version | None, label: str) -> float | None:
    """Where a version of this site reports a label; None where it does not say."""
    if version is None or not version.loadable:
        return None
    try:
        manifest = Manifest.from_json(site.blobs.get(version.digest))
    except RadLensError:  # an evaluation says what it measured, whatever became of the bundle
        return None
    points = dict(zip(manifest.labels, operating_points(version, manifest), strict=True))
    return points[label].threshold if label in points else None


def _risk(evaluation: Evaluation, name: str, title: str) -> tuple[str, Sequence[Point]]:
    """The risk of a label's answers; of all answers where one class is the answer."""
    lines = evaluation.risk_coverage
    return (title, lines[name]) if name in lines else ("all answers", lines.get(WHOLE, ()))


def _curves(title: str, found: Curves, cut: Cut | None, of: str, risk: Sequence[Point]) -> None:
    chosen = cut.measures if cut else {}
    sensitivity, specificity = (chosen.get(name) for name in ("sensitivity", "specificity"))
    mark = None
    if sensitivity and specificity:
        mark = 1 - specificity.value, sensitivity.value
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("ROC", anchor=False)
        charts.curve(found.roc, ROC, f"ROC of {title}", diagonal=True, mark=mark)
        st.subheader("Reliability", anchor=False)
        if found.reliability:
            charts.reliability(found.reliability, f"Reliability of {title}")
        else:
            st.html(empty("No bin of probabilities holds enough cases."))
    with right:
        st.subheader("Precision and recall", anchor=False)
        charts.curve(found.precision_recall, PRECISION, f"Precision and recall of {title}")
        if risk:
            st.subheader(f"Risk and coverage of {of}", anchor=False)
            most = min(1.0, 1.1 * max(point.high or point.y for point in risk) or 1.0)
            charts.curve(risk, RISK, f"Risk and coverage of {of}", most=most)
    with st.expander("The curves as tables"):
        st.html(_table("ROC", ROC, found.roc[::10]))
        st.html(_table("Precision and recall", PRECISION, found.precision_recall[::10]))
        rows = [(f"{b.said:.3f}", shown(b.seen), f"{b.n:,}") for b in found.reliability]
        st.html(table("Reliability", ("Probability said", "share seen", "n"), rows))
        if risk:
            st.html(_table(f"Risk and coverage of {of}", RISK, risk))


def _table(caption: str, axes: tuple[str, str], points: Sequence[Point]) -> Html:
    rows = [(f"{point.x:.2f}", charts.said_point(point)) for point in points]
    return table(f"{caption}, with 95 % intervals", (axes[0].capitalize(), axes[1]), rows)
