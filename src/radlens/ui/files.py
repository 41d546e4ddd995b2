"""The list of what a reader sent: how far it is, and what came of each file."""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from html import escape
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from radlens.domain.errors import RadLensError
from radlens.domain.finding import percent
from radlens.domain.job import Progress
from radlens.domain.prediction import Prediction
from radlens.domain.worklist import RANKS, Rank, rank
from radlens.ports import Site
from radlens.ui.findings import tier_badge, urgency_badge
from radlens.ui.intake import MOST, Answer, Intake, by_series
from radlens.ui.looked import told
from radlens.ui.markup import many, safe
from radlens.ui.spoken import error_html
from radlens.ui.wording import headline, reported
from radlens.usecases.recall import card_of

LOOK_S = 0.5  # how often the list is drawn again while files are read
AGAIN = "read on"  # this run of the page follows the last one by itself


class Said(NamedTuple):
    """What the list says of an answer, and how urgent that is."""

    rank: Rank
    probability: float  # of the finding that is told
    html: str


class Files:
    """The list as it stands on the page, drawn again as files are read."""

    def __init__(self, site: Site, intake: Intake, task: str, place: DeltaGenerator) -> None:
        self._site, self._intake, self._task = site, intake, task
        # What is drawn takes the place of what was drawn before: what stands there is never away
        # in between, and the list stays where it was scrolled to.
        self._top, self._list = place.container(), place.container(key="sent-files")
        self._rows: dict[str, Said] = {}
        self._open: list[Future[str | RadLensError]] = []
        self.left = 0  # files for which there was no room yet

    def draw(self) -> None:
        """Draw it, where there is more to say than the result itself says."""
        answers = self._intake.of(self._task)
        if len(answers) < 2 and all(isinstance(one.outcome, str) for one in answers):
            self._top, self._list = self._top.empty(), self._list.empty()
            return
        # What was refused stands first, where it is found among many.
        groups = sorted(by_series(answers), key=lambda group: not any(map(_refused, group)))
        rows = "".join(f"<li>{self._group(group)}</li>" for group in groups)
        count = f'<p class="rl-fine" role="status">{escape(self._count(answers))}</p>'
        files = f'<ul class="rl-files" aria-label="Files of this list" tabindex="0">{rows}</ul>'
        self._top, self._list = self._top.html(count), self._list.html(files)

    def first(self) -> None:
        """Draw it until there is something to show."""
        fresh = self._open = self._intake.unread()
        while self._open:
            answers = self._intake.of(self._task)
            news = len(self._open) < len(fresh)
            if news and any(isinstance(one.outcome, str) for one in answers):
                break
            self.draw()
            wait(self._open, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            self._open = [reading for reading in self._open if not reading.done()]
        self.draw()

    def rest(self) -> None:
        """Follow what is still being read to its end, then let the page run again."""
        if not self._open and not self.left:
            return
        while unread := self._intake.unread():
            self.draw()
            wait(unread, timeout=LOOK_S)
        st.session_state[AGAIN] = True
        st.rerun()

    def _count(self, answers: Sequence[Answer]) -> str:
        done = [answer.outcome for answer in answers if answer.outcome is not None]
        failed = sum(map(_refused, answers))
        said = f"{len(done) - failed} of {many(len(answers), 'file')} read"
        said += f", {failed} not read" if failed else ""
        if len(done) < len(answers):
            left = Progress(left_s=self._intake.left_s(more=self.left)).left
            said += f", {left}" if left else ""
            said += ". You may go on: what was sent is read even where this page is left"
        if self.left:
            said += (
                f". At most {MOST} wait at the same time: {self.left} more are taken when these "
                "are done; keep this page open until then"
            )
        return f"{said}."

    def _group(self, group: Sequence[Answer]) -> str:
        """A file alone, or a series below its heading."""
        rows = [self._row(answer) for answer in sorted(group, key=lambda one: not _refused(one))]
        if len(rows) == 1:
            return rows[0]
        title = f"Series of {len(rows)} images"
        items = "".join(f"<li>{row}</li>" for row in rows)
        return (
            f'<div class="rl-line"><b>{title}</b> {self._most_urgent(group)}</div>'
            f'<ul aria-label="{title}">{items}</ul>'
        )

    def _most_urgent(self, group: Sequence[Answer]) -> str:
        """The most urgent of the answers of a series that are shown; a blind list hides some."""
        shown = [
            (self._rows[answer.outcome], answer.name)
            for answer in group
            if isinstance(answer.outcome, str) and answer.outcome in self._rows
        ]
        if not shown:
            return ""
        said, name = min(shown, key=lambda one: (RANKS.index(one[0].rank), -one[0].probability))
        if said.rank is Rank.UNREPORTED:
            return _quiet(f"{said.rank} in {many(len(shown), 'answer')}")
        words = f"most urgent of {many(len(shown), 'answer')}, {name}:"
        return f"<span>{escape(words)}</span> {said.html}"

    def _row(self, answer: Answer) -> str:
        outcome = answer.outcome
        if outcome is None:
            state = "reading" if answer.reading.running() else "waits"
            return f'<div class="rl-line"><b>{escape(answer.name)}</b> {_quiet(state)}</div>'
        if isinstance(outcome, RadLensError):
            return error_html(outcome, answer.name)
        if self._intake.blind and outcome not in self._intake.told:
            said = _quiet("read; the answer is shown after your own opinion")
            return f'<div class="rl-line"><b>{escape(answer.name)}</b> {said}</div>'
        return f'<div class="rl-line"><b>{escape(answer.name)}</b> {self._said(outcome)}</div>'

    def _said(self, prediction_id: str) -> str:
        if prediction_id not in self._rows:
            try:
                self._rows[prediction_id] = self._answer(self._site.records.get(prediction_id))
            except RadLensError as error:
                return error_html(error)
        return self._rows[prediction_id].html

    def _answer(self, prediction: Prediction) -> Said:
        reveal(self._intake, prediction.id)
        task = card_of(self._site, prediction)
        found = reported(prediction, task)
        if not found:
            said = f"<span>{safe(headline(prediction, task))}</span>"
        else:
            finding, label = found[0]
            doubt = "Input doubtful; " if prediction.doubtful else ""
            top = f"{doubt}{label.title} {percent(finding.probability)}"
            said = f"<span>{safe(top)}</span> {tier_badge(finding)}{urgency_badge(label)}"
            said += _quiet(f"and {len(found) - 1} more") if len(found) > 1 else ""
        urgencies = [label.urgency for _, label in found if label.abnormal]
        how = rank(urgencies, doubtful=prediction.doubtful)
        probability = found[0][0].probability if found else 0.0
        return Said(how, probability, said + self._by(prediction))

    def _by(self, prediction: Prediction) -> str:
        """Which version read it, where another one answers by now."""
        try:
            live = self._site.live.current(self._task).ref.digest
        except RadLensError:
            return ""
        model = prediction.model
        return "" if model.digest == live else _quiet(f"read by version {model.version}")


def reveal(intake: Intake, prediction_id: str) -> None:
    """The reader sees the answer now, of which the log tells already: it was sent from here."""
    if prediction_id not in intake.told:
        intake.told.add(prediction_id)
        told(prediction_id)


def of_itself() -> bool:
    """Whether the page runs again because files were read, and not because of the reader."""
    return bool(st.session_state.pop(AGAIN, False))


def _refused(answer: Answer) -> bool:
    return isinstance(answer.outcome, RadLensError)


def _quiet(text: str) -> str:
    return f'<span class="rl-badge">{escape(text)}</span>'
