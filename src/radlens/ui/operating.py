"""The threshold explorer: what another operating point would do, at a prevalence of one's own."""

from collections.abc import Sequence

import streamlit as st

from radlens.domain.evaluation import Cut, LabelScores, Measure
from radlens.domain.finding import percent
from radlens.domain.predictive import measure_at, outcome
from radlens.reports.part import shown
from radlens.ui import evaluation_charts
from radlens.ui.markup import Html, head, safe, table

COLUMNS = ("What", "value (95 % interval)", "n")
LISTED = 20  # thresholds in the table, about


def explore(
    title: str, scores: LabelScores, cuts: Sequence[Cut], served: float | None, key: str
) -> Cut:
    """Draw the explorer of one label; the threshold that was chosen.

    ``served`` is the operating point that answers here, None where the largest class is the
    answer or it is not known; ``key`` tells the widgets of one label from those of another.
    """
    st.html(head(f"Threshold explorer: {title}", _as_served(served)))
    at = {cut.threshold: cut for cut in cuts}
    start = 0.5 if served is None else served
    left, right = st.columns([3, 2], gap="large")
    with left:
        chosen = st.select_slider(
            "Report from this probability on",
            list(at),
            value=min(at, key=lambda threshold: abs(threshold - start)),
            format_func=_spelled,
            key=f"threshold-{key}",
        )
        there = scores.positives / (scores.positives + scores.negatives)
        asked = st.number_input(
            "Prevalence where it is used, in %",
            min_value=0.0,
            max_value=100.0,
            value=round(100 * there, 2),
            step=1.0,
            format="%.2f",
            help=f"How many of those who are examined have it; {percent(there)} of these images.",
            key=f"prevalence-{key}",
        )
        cut, prevalence = at[chosen], asked / 100
        st.html(table(f"At a threshold of {_spelled(chosen)}", COLUMNS, _rows(cut, prevalence)))
        st.html(_people(cut, prevalence))
    with right:
        evaluation_charts.thresholds(cuts, cut, f"Sensitivity and specificity of {title}")
        with st.expander("Thresholds as a table"):
            st.html(_listed(cuts, prevalence))
    return cut


def _spelled(share: float) -> str:
    """As finely as thresholds are recorded: those of a sure model lie close together."""
    return f"{share:.2%}".replace("%", " %")


def _as_served(served: float | None) -> str:
    if served is None:
        return "What would happen if it were reported from a probability on, whatever is largest."
    return f"As it answers here, it is reported from {_spelled(served)} on."


def _rows(cut: Cut, prevalence: float) -> list[tuple[str, str, str]]:
    of = cut.measures
    at = f"at a prevalence of {_spelled(prevalence)}"
    return [
        ("Sensitivity", _cell(of["sensitivity"]), _n(of["sensitivity"], "with it")),
        ("Specificity", _cell(of["specificity"]), _n(of["specificity"], "without it")),
        (f"Positive predictive value {at}", *_worth(of["positive"], prevalence)),
        (f"Negative predictive value {at}", *_worth(of["negative"], 1 - prevalence)),
    ]


def _worth(even: Measure | None, share: float) -> tuple[str, str]:
    return _cell(even and measure_at(even, share)), _n(even, "images")


def _cell(measure: Measure | None) -> str:
    return "no case gets this answer" if measure is None else shown(measure)


def _n(measure: Measure | None, what: str) -> str:
    return f"{measure.n:,} {what}" if measure else ""


def _people(cut: Cut, prevalence: float) -> Html:
    """The same in people, which is easier to picture; whole ones, that add up."""
    found, spared = cut.measures["sensitivity"], cut.measures["specificity"]
    if found is None or spared is None:
        return Html("")
    people = 1_000 if prevalence >= 0.01 else 100_000
    of = outcome(found.value, spared.value, prevalence, people)
    ill = round(of.found + of.missed)
    hits, right = round(of.found), round(of.spared)
    said = (
        f"Of {people:,} people of whom {ill:,} have it, {hits:,} are reported and "
        f"{max(ill - hits, 0):,} missed; {max(people - ill - right, 0):,} are reported without "
        f"having it, and {right:,} are rightly not."
    )
    note = (
        "Predictive values: Bayes' rule (Altman and Bland 1994), with bootstrap intervals taken "
        "to the prevalence. An interval without width says that no case lay on the other side."
    )
    return Html(f'<p>{safe(said)}</p><p class="rl-fine">{safe(note)}</p>')


def _listed(cuts: Sequence[Cut], prevalence: float) -> Html:
    columns = ("Threshold", "sensitivity", "specificity", "PPV", "NPV")
    rows = [
        (
            _spelled(cut.threshold),
            _cell(cut.measures["sensitivity"]),
            _cell(cut.measures["specificity"]),
            _worth(cut.measures["positive"], prevalence)[0],
            _worth(cut.measures["negative"], 1 - prevalence)[0],
        )
        for cut in cuts[:: max(1, len(cuts) // LISTED)]
    ]
    return table("Some of the thresholds; the CSV has all", columns, rows)
