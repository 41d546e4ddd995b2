"""The cases of a list as files: as CSV, and as a ZIP with the report of each."""

from collections.abc import Callable, Sequence
from io import BytesIO
from zipfile import ZipFile

import streamlit as st

from radlens.domain.audit import Act, Verb
from radlens.domain.errors import Erased, UnknownTask
from radlens.domain.worklist import Case
from radlens.ports import Site
from radlens.reports.worklist_csv import worklist_lines
from radlens.ui import door
from radlens.ui.wording import card_of
from radlens.usecases.disclose import disclose


def offer(site: Site, cases: Sequence[Case]) -> None:
    """Buttons; each file is made, and told to the log, when it is asked for."""
    with st.container(horizontal=True):
        st.download_button(
            "This page as CSV",
            _csv(site, cases),
            file_name="radlens-worklist.csv",
            mime="text/csv",
            on_click="ignore",
        )
        st.download_button(
            "Its reports as ZIP",
            _reports(site, cases),
            file_name="radlens-reports.zip",
            mime="application/zip",
            on_click="ignore",
            help="The PDF report of each case on this page, preliminary or final, and the CSV.",
        )


def _csv(site: Site, cases: Sequence[Case]) -> Callable[[], str]:
    by = door.caller().actor

    def make() -> str:
        detail = {"cases": [case.prediction.id for case in cases]}
        site.trail.note(Act(site.clock(), by, Verb.DOWNLOAD_ANSWER, "worklist", detail))
        rows = ((case, site.reviews.of(case.prediction.id)) for case in cases)
        return "".join(worklist_lines(rows, now=site.clock()))

    return make


def _reports(site: Site, cases: Sequence[Case]) -> Callable[[], bytes]:
    listed, name, by = _csv(site, cases), door.site_name(), door.caller().actor

    def make() -> bytes:
        from radlens.reports.pdf import pdf  # reportlab and its fonts, for those who press

        stream = BytesIO()
        with ZipFile(stream, "w") as archive:
            archive.writestr("worklist.csv", listed())
            for case in cases:
                try:
                    card = card_of(site, case.prediction)
                    found = disclose(site, case.prediction.id, Verb.DOWNLOAD_REPORT, by=by)
                except (Erased, UnknownTask):  # of what is gone meanwhile there is no report
                    continue
                content = pdf(
                    found.prediction,
                    task=card,
                    scan=found.scan,
                    evidence=found.evidence,
                    said=found.said,
                    site_name=name,
                )
                archive.writestr(f"radlens-{case.prediction.id}.pdf", content)
        return stream.getvalue()

    return make
