"""What is known of a version before it is decided on: the gate, a trial, a preview of alarms."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from radlens.domain.agreement import Agreement
from radlens.domain.evaluation import Measure
from radlens.domain.metrics import Proportion
from radlens.domain.promotion import Result
from radlens.domain.registry import Stage, Version
from radlens.ports import Site
from radlens.ui.markup import safe, told
from radlens.ui.spoken import spoken
from radlens.usecases.agreement import agreement
from radlens.usecases.gate import ruling
from radlens.usecases.preview import preview

LAST = (20, 50, 100, 200)
SAID = {Result.PASSED: "routine", Result.FAILED: "critical", Result.MISSING: "moderate"}


def show(site: Site, version: Version) -> None:
    """Draw what speaks for and against a version that is not live and could be."""
    if version.stage is Stage.LIVE or not version.loadable:
        return
    with st.container(border=True, key="card-gate"), spoken():
        _gate(site, version)
    if version.stage in (Stage.SHADOW, Stage.CANARY):
        with st.container(border=True, key="card-trial"), spoken():
            _trial(site, version)
    with st.container(border=True, key="card-preview"), spoken():
        _preview(site, version)


def _gate(site: Site, version: Version) -> None:
    st.subheader("The gate to promotion", anchor=False)
    found = ruling(site, version.digest)
    items = "".join(
        f'<li><div class="rl-line"><span class="rl-badge rl-{SAID[check.result]}">'
        f"{escape(check.result)}</span><h4>{escape(check.name)}</h4></div>"
        f"<p>{told(check.sentence)}</p></li>"
        for check in found.checks
    )
    st.html(f'<ul class="rl-findings" aria-label="Conditions of the gate">{items}</ul>')
    st.html(f"<p>{'It passes' if found.passed else 'It does not pass'} the gate.</p>")


def _trial(site: Site, version: Version) -> None:
    st.subheader("The trial so far", anchor=False)
    found = agreement(site, version.digest)
    seen = found.coverage
    st.html(
        f"<p>{seen.answered:,} answers since it began; both versions read {seen.read:,}, one of "
        f"them failed on {seen.failed:,}, {seen.left_out:,} were left out.</p>"
    )
    st.html(_table(site, version, found.labels, found.live.version))


def _preview(site: Site, version: Version) -> None:
    st.subheader("What a switch would change", anchor=False)
    st.html(
        '<p class="rl-fine">The latest recorded images are read again by this version and by the '
        "live one. Nothing of it goes on record as a prediction.</p>"
    )
    last = st.segmented_control("Images", LAST, default=LAST[1], key="preview-last")
    if not st.button("Preview the alarms"):
        return
    with st.spinner("Reading the latest images with both versions"):
        found = preview(site, version.digest, last=last or LAST[1])
    st.html(
        f"<p>Of {found.images:,} images, the answer would change for {len(found.changes):,}; "
        f"{len(found.unread):,} were not read by one of the two.</p>"
    )
    st.html(_table(site, version, found.labels, found.live))


def _table(site: Site, version: Version, labels: Sequence[Agreement], live: str) -> str:
    if not labels:
        return '<p class="rl-empty">No image was read by both yet.</p>'
    task = site.tasks[version.task]
    heads = "".join(
        f'<th scope="col">{escape(head)}</th>'
        for head in (
            "Label",
            f"{live} reports",
            f"{version.version} reports",
            "Changed",
            "Kappa",
            "p",
        )
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(task.label(label.label).title)}</th>'
        + "".join(f"<td>{safe(cell)}</td>" for cell in _cells(label))
        + "</tr>"
        for label in labels
    )
    return (
        '<table class="rl-figures"><caption>With 95 % intervals; p: McNemar, exact</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _cells(label: Agreement) -> tuple[str, ...]:
    shares = (_share(share) for share in (label.live, label.candidate, label.changed))
    return (*shares, _measure(label.kappa), f"{label.p:.3f}")


def _share(share: Proportion) -> str:
    bounds = share.interval
    return f"{share.hits} of {share.n} ({bounds.low:.1%} to {bounds.high:.1%})"


def _measure(found: Measure | None) -> str:
    if found is None:
        return "says nothing"
    if found.low == found.high:  # so few cases that the interval's formula gives no width
        return f"{found.value:.2f}, too few for an interval"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
