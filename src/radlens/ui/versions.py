"""One version of a model as a card: what it is, what was measured, beside the live one."""

from html import escape

import streamlit as st

from radlens.domain.bundle import CARD
from radlens.domain.evaluation import Measure, Measures
from radlens.domain.registry import Move, Stage, Version
from radlens.ports import Site
from radlens.reports.part import shown
from radlens.ui import door
from radlens.ui.spoken import spoken
from radlens.usecases.export_model import export_model

# What a list shows of the figures; the whole of them stands on the version's own page.
FIRST = ("accuracy", "mean_auroc", "ece_debiased")


def show(site: Site, version: Version) -> None:
    """Draw what is known of a version, its figures beside those of the live one."""
    [*others] = site.registry.versions(task=version.task, stage=Stage.LIVE)
    live = next((other for other in others if other.digest != version.digest), None)
    with st.container(border=True, key="card-version"):
        st.html(_head(site, version))
        st.html(_figures(version, live))
        _download(site, version)
    with st.container(border=True, key="card-paper"), spoken():
        _paper(site, version)


def stage_of(version: Version) -> str:
    """The stage in words, with a canary's share."""
    if version.stage is Stage.CANARY and version.share is not None:
        return f"canary, {version.share:.0%} of the images"
    return version.stage.value


def became(step: Move) -> str:
    """What a move made of its version."""
    share = f", {step.share:.0%} of the images" if step.share is not None else ""
    return f"registered as {step.after}" if step.before is None else f"{step.after}{share}"


def figures(version: Version) -> str:
    """The first figures with their intervals in one line."""
    return figures_of(version.measures)


def figures_of(known: Measures) -> str:
    """The first of these figures with their intervals in one line."""
    said = [f"{named(name)} {interval(known[name])}" for name in FIRST if name in known]
    return "; ".join(said) or "Nothing was measured."


def named(figure: str) -> str:
    """The name of a figure as people say it."""
    words = figure.replace("_", " ")
    for plain, proper in (("auroc", "AUROC"), ("f1", "F1"), ("ece", "ECE"), ("brier", "Brier")):
        words = words.replace(plain, proper)
    return words


def interval(measure: Measure | None) -> str:
    """A figure with its 95 % interval: ``0.731 (0.702 to 0.759)``."""
    return "not measured" if measure is None else shown(measure)


def live_html(live: Version, since: Move) -> str:
    """Which version answers, since when, and who decided so."""
    reason = f" Reason: {escape(since.reason)}" if since.reason else ""
    return (
        f'<div class="rl-head"><h2>{escape(live.version)} is live</h2>'
        f'<p class="rl-fine">Since {since.time:%Y-%m-%d %H:%M:%S %Z}, by '
        f"{escape(since.by.name)} ({escape(since.by.via)}).{reason}</p>"
        f'<p class="rl-fine">{escape(figures(live))}</p></div>'
    )


def _head(site: Site, version: Version) -> str:
    facts = version.facts
    lineage = facts.get("lineage") or {}
    labels = facts.get("class_names")
    rows = {
        "Task": site.tasks[version.task].title if version.task in site.tasks else version.task,
        "Stage": stage_of(version),
        "Architecture": facts.get("architecture"),
        "From": version.source,
        "Registered": f"{version.time:%Y-%m-%d %H:%M:%S %Z} by {version.by.name}",
        "AUROC as stated": facts.get("accuracy_auroc"),
        "Labels": ", ".join(map(str, labels)) if isinstance(labels, list) else labels,
        "Weights": facts.get("storage_path"),
        "Run": lineage.get("run"),
        "Dataset": lineage.get("dataset"),
        "Approved by": ", ".join(version.approved) or None,
        "Digest": version.digest,
    }
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>"
        for name, value in rows.items()
        if value
    )
    statement = facts.get("statement")
    said = f'<p class="rl-statement" role="note">{escape(statement)}</p>' if statement else ""
    return (
        f'<div class="rl-head"><h2>{escape(version.version)}</h2></div>{said}'
        f'<dl class="rl-origin" aria-label="Where this comes from">{items}</dl>'
    )


def _figures(version: Version, live: Version | None) -> str:
    sides = [version] + ([live] if live else [])
    known = [side.measures for side in sides]
    if not known[0]:
        return '<p class="rl-empty">No figures came with this version.</p>'
    heads = "".join(f'<th scope="col">{escape(_side(side))}</th>' for side in sides)
    rows = "".join(
        f'<tr><th scope="row">{escape(named(name))}</th>'
        + "".join(f"<td>{interval(side.get(name))}</td>" for side in known)
        + "</tr>"
        for name in known[0]
    )
    note = (
        "Measured by each version's own training, on its own held-out cases, with 95 % intervals. "
        "Whether two versions differ is told by a paired comparison alone."
    )
    return (
        f'<table class="rl-figures"><caption>{note}</caption>'
        f'<thead><tr><th scope="col">Figure</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _side(version: Version) -> str:
    return f"{version.version} (live)" if version.stage is Stage.LIVE else version.version


def _download(site: Site, version: Version) -> None:
    if not version.loadable:
        return
    by = door.caller().actor

    def bundle() -> bytes:
        return export_model(site, version.digest, by=by)[1]

    st.download_button(
        "Export bundle",
        bundle,  # made, and put on record, when the button is pressed, not before
        file_name=f"{version.task}-{version.version}.zip",
        mime="application/zip",
        on_click="ignore",
        key=f"export-{version.digest}",
    )


def _paper(site: Site, version: Version) -> None:
    """The model card as it lies in the bundle."""
    if CARD not in version.files:
        st.html('<p class="rl-empty">This version has no bundle, and so no card.</p>')
        return
    with st.expander("Model card"):
        st.markdown(site.blobs.get(version.files[CARD]).decode())
