"""Findings in plain words: what is reported, and everything that was looked for."""

from html import escape

import streamlit as st

from radlens.domain.finding import (
    Finding,
    OperatingPoint,
    percent,
    sentence,
    tier_right,
    tier_sentence,
)
from radlens.domain.known import alike_sentences, case_words
from radlens.domain.prediction import Prediction
from radlens.domain.task import Label, Task
from radlens.domain.uncertainty import set_sentences
from radlens.ui.wording import by_probability, listed, reported


def summarise(prediction: Prediction, task: Task) -> None:
    """Show what is reported with tier, advice and urgency, or what was looked for in vain."""
    found = reported(prediction, task)
    parts = [_reported(finding, label) for finding, label in found] or [_none(prediction, task)]
    if len(found) > 1:
        parts.insert(0, '<p class="rl-fine">Reported, the most urgent first</p>')
    parts.insert(0, _admission(prediction))
    parts += [_kept(prediction, task), _alike(prediction, task)]
    st.html(f'<div class="rl-summary" role="region" aria-label="Summary">{"".join(parts)}</div>')


def show_alike(prediction: Prediction, task: Task) -> None:
    """Show the most alike training images alone; nothing where the model remembers none."""
    if prediction.alike:
        st.html(_alike(prediction, task))


def list_all(prediction: Prediction, task: Task) -> None:
    """Show every finding, the most probable first."""
    kept = prediction.prediction_set
    items = "".join(
        _item(f, task.label(f.label), kept=kept is not None and f.label in kept)
        for f in by_probability(prediction)
    )
    st.html(f'<ul class="rl-findings" aria-label="All findings">{items}</ul>')


def _reported(finding: Finding, label: Label) -> str:
    advice = (
        f'<p class="rl-advice">{escape(finding.tier.advice)}</p>'
        f'<p class="rl-fine">{escape(tier_sentence(finding))}</p>'
        if finding.tier
        else ""
    )
    return (
        f'<div class="rl-reported"><div class="rl-line"><h3>{escape(label.title)}</h3>'
        f'<span class="rl-number">{percent(finding.probability)}</span>'
        f"{tier_badge(finding)}{urgency_badge(label)}</div>"
        f"{advice}</div>"
    )


def _none(prediction: Prediction, task: Task) -> str:
    titles = listed(task.label(finding.label).title for finding in prediction.findings)
    claimed = [finding for finding in prediction.findings if finding.tier]
    leaning = "".join(
        f"<p>The most probable answer, {escape(task.label(f.label).title)} "
        f"({percent(f.probability)}), stays below its operating point. "
        f"{escape(f'{f.tier.advice} {tier_sentence(f)}') if f.tier else ''}</p>"
        for f in claimed
    )
    return (
        f'<div class="rl-reported rl-none"><h3>Looked for and not reported</h3>'
        f"<p>{escape(titles)}.</p>{leaning}"
        "<p>Nothing is said about anything else, and a finding that was not reported can "
        "still be there: how often that happens stands below with each.</p></div>"
    )


def _admission(prediction: Prediction) -> str:
    """Whether the model may read this image: before anything that it says of it."""
    if prediction.doubtful:
        return f'<p class="rl-doubt" role="note">{escape(prediction.admission)}</p>'
    return f'<p class="rl-fine">{escape(prediction.admission)}</p>'


def _kept(prediction: Prediction, task: Task) -> str:
    """What cannot be ruled out, and how often that was right; nothing where it is not known."""
    if prediction.prediction_set is None:
        return ""
    first, *more = set_sentences(prediction.prediction_set, task)
    fine = "".join(f'<p class="rl-fine">{escape(line)}</p>' for line in more)
    return f'<div class="rl-kept"><p>{escape(first)}</p>{fine}</div>'


def _alike(prediction: Prediction, task: Task) -> str:
    """The training images that the network finds most alike, and what that is worth."""
    if prediction.alike is None:
        return ""
    first, *more = alike_sentences(prediction.alike, prediction.findings, task)
    fine = "".join(f'<p class="rl-fine">{escape(line)}</p>' for line in more)
    cases = "".join(f"<li>{escape(case_words(case, task))}</li>" for case in prediction.alike.cases)
    return (
        f'<div class="rl-kept"><p>{escape(first)}</p>'
        f'<ol class="rl-alike" aria-label="Most alike training images">{cases}</ol>{fine}</div>'
    )


def _item(finding: Finding, label: Label, *, kept: bool) -> str:
    said = _badge("reported", "said") if finding.positive else _badge("not reported", "quiet")
    said += _badge("not ruled out", "quiet") if kept and not finding.positive else ""
    mark = "calibrated" if finding.calibrated else "not calibrated"
    return (
        f'<li><div class="rl-line"><h4>{escape(label.title)}</h4>'
        f'<span class="rl-number">{percent(finding.probability)}</span>{said}{tier_badge(finding)}'
        f"{_badge(mark, 'quiet' if finding.calibrated else 'warn')}</div>"
        f"<p>{escape(label.meaning)}</p>"
        f'<p class="rl-fine">{escape(sentence(finding, label))}</p>'
        f'<p class="rl-fine">{escape(_point(finding.operating_point))}</p></li>'
    )


def _point(point: OperatingPoint) -> str:
    """Where a label turns positive, how sure that place is, and what it found and left alone."""
    if point.threshold is None:
        said = "Operating point: the most probable is the answer."
    else:
        bounds = point.interval
        moves = (
            f" (95 % interval {percent(bounds.low)} to {percent(bounds.high)})" if bounds else ""
        )
        said = f"Operating point: {percent(point.threshold)}{moves}."
    found = point.measured and point.measured.sensitivity
    spared = point.measured and point.measured.specificity
    said += f" Of {found.n} held-out cases that had it, it found {found.hits}." if found else ""
    said += f" Of {spared.n} that had not, it left {spared.hits} alone." if spared else ""
    return said


def tier_badge(finding: Finding) -> str:
    """The tier with its measured record in short, which never stand apart."""
    if finding.tier is None:
        return ""
    return _badge(f"{finding.tier} confidence, {tier_right(finding)}", "tier")


def urgency_badge(label: Label) -> str:
    """How soon a human should look at a finding; a class without disease has no urgency."""
    return _badge(f"urgency: {label.urgency}", label.urgency.value) if label.abnormal else ""


def _badge(text: str, kind: str) -> str:
    return f'<span class="rl-badge rl-{kind}">{escape(text)}</span>'
