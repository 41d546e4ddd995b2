"""What can be taken along of an evaluation: its report, its figures, its curves, its record."""

import json
from collections.abc import Callable

import streamlit as st

from radlens.domain.account import ENGINEERS
from radlens.domain.archive import archive_of
from radlens.domain.evaluation import Evaluation
from radlens.domain.ledger import Item
from radlens.ports import Site
from radlens.reports.evaluation_csv import curves_csv
from radlens.ui import door
from radlens.ui.evaluation_choice import Choice
from radlens.ui.markup import head
from radlens.ui.spoken import spoken
from radlens.usecases.evaluations import CARD, has_report_pdf, report_pdf

FIGURES = "figures/"
WORDS = (
    "Figures are on record as PNG and as Vega-Lite, from which others draw SVG. The PDF shows "
    "images of the worst errors: it is for engineers and administrators, the log tells who takes "
    "it, and it goes when one of these images is erased."
)
BROUGHT = "What came with the version. An evaluation on this site has figures and a PDF as well."

Made = Callable[[], bytes]


def draw(site: Site, choice: Choice, evaluation: Evaluation) -> None:
    """Buttons, each of which makes its file when it is pressed."""
    st.html(head("Take it along", WORDS if choice.item else BROUGHT))
    name = f"{choice.task}-{choice.model}"
    with st.container(horizontal=True):
        if choice.item is None:
            _shipped(site, choice, name)
        else:
            with spoken():
                _report(site, choice.item, name)
            _figures(site, choice.item, evaluation, name)
        _button(
            "Record (JSON)",
            lambda: json.dumps(evaluation.to_json(), indent=1).encode(),
            f"{name}-evaluation.json",
            "application/json",
        )


def _shipped(site: Site, choice: Choice, name: str) -> None:
    """What a bundle brought has no figures of its own: they stand on its card."""
    files = choice.version.files if choice.version else {}
    if CARD in files:
        content = lambda: site.blobs.get(files[CARD])  # noqa: E731 (read when it is pressed)
        _button("Model card (Markdown)", content, f"{name}-card.md", "text/markdown")


def _report(site: Site, item: Item, name: str) -> None:
    files = item.files
    if CARD in files:
        _button(
            "Report (Markdown)",
            lambda: site.blobs.get(files[CARD]),
            f"{name}-evaluation.md",
            "text/markdown",
        )
    caller = door.caller()
    if caller.may(ENGINEERS) and has_report_pdf(site, item):
        _button(
            "Report (PDF)",
            lambda: report_pdf(site, item, by=caller.actor),
            f"{name}-evaluation.pdf",
            "application/pdf",
        )


def _figures(site: Site, item: Item, evaluation: Evaluation, name: str) -> None:
    found = {
        path.removeprefix(FIGURES): digest
        for path, digest in item.files.items()
        if path.startswith(FIGURES)
    }

    def archive() -> bytes:
        drawn = {path: site.blobs.get(digest) for path, digest in found.items()}
        return archive_of(drawn, f"{name}-figures")

    if found:
        _button("Figures (ZIP)", archive, f"{name}-figures.zip", "application/zip")
    if evaluation.curves:
        content = lambda: curves_csv(evaluation).encode()  # noqa: E731 (made when it is pressed)
        _button("Curves (CSV)", content, f"{name}-curves.csv", "text/csv")


def _button(label: str, content: Made, file: str, mime: str) -> None:
    st.download_button(label, content, file_name=file, mime=mime, on_click="ignore")
