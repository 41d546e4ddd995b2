"""Experiments & Failures: what was tried and what it taught, the ladder, the worst errors."""

import tomllib
from collections.abc import Iterator

import streamlit as st

from radlens.domain.ledger import Kind, State
from radlens.domain.run import Run
from radlens.domain.study import Study
from radlens.ports import Site
from radlens.reports.part import shown
from radlens.ui import door, failure_wall, study_charts, study_words
from radlens.ui.markup import Html, badge, code, empty, head, many, table
from radlens.ui.spoken import spoken
from radlens.ui.study_words import Tried

STUDY = "radlens study src/radlens/lab/recipes/studies/ladder.toml --data NAME --out report/"
COLOURS = {"helped": "rl-good", "harmed": "rl-critical", "failed": "rl-critical"}
COLUMNS = ("Tried", "Question", "What was changed", "Result", "Verdict", "Lesson")
LEVELS = ("Rung", "Images a class", "Accuracy", "By seed", "One training")
CLAIMS = ("Rung", "Claimed, not ours", "Where", "Reached in this study")
CLASSES = ("Step", "Class", "Difference", "Verdict")
NEWEST, MOST = 200, 50
REPORT = "report.md"


def show() -> None:
    """Draw the page; every figure is of a record."""
    st.title("Experiments & Failures", anchor=False)
    site = door.site()
    studies = [Study.of(item) for item in site.ledger.items(Kind.STUDY, limit=NEWEST)]
    with st.container(border=True, key="card-ledger"), spoken():
        _ledger([*_tried(site, studies)])
    with st.container(border=True, key="card-ladder"), spoken():
        _ladder(site, studies)
    with st.container(border=True, key="card-failures"), spoken():
        failure_wall.draw(site, site.ledger.items(Kind.EVALUATION, limit=NEWEST))


def _tried(site: Site, studies: list[Study]) -> Iterator[Tried]:
    for study in studies:
        yield from study_words.of_study(study)
    runs = (Run.of(item) for item in site.ledger.items(Kind.RUN, limit=NEWEST))
    yield from (study_words.of_run(run) for run in runs if run.state is State.FAILED)


def _ledger(found: list[Tried]) -> None:
    st.html(
        head(
            "What was tried",
            "Steps of studies, one thing changed at a time, and trainings that failed. Nothing is "
            "taken out because it did not work.",
        )
    )
    if not found:
        st.html(
            empty("No experiment is on record yet. This one ships, and takes hours on one core:")
        )
        st.html(code(STUDY))
        return
    there = {each.verdict for each in found}
    chosen = st.multiselect(
        "Verdict",
        [verdict for verdict in study_words.VERDICTS if verdict in there],
        placeholder="All of them",
    )
    fitting = [each for each in found if not chosen or each.verdict in chosen]
    rows = [_row(each) for each in fitting[:MOST]]
    st.html(table(f"{many(len(fitting), 'experiment')}, the newest first", COLUMNS, rows))
    if len(fitting) > MOST:
        st.html(empty(f"The newest {MOST} are shown; a verdict narrows them down."))
    st.html(
        empty(
            "A step helped or harmed where the whole interval is on one side of zero. These are "
            "single comparisons, not corrected for their number."
        )
    )


def _row(each: Tried) -> tuple[object, ...]:
    mark = badge(each.verdict, COLOURS.get(each.verdict, ""))
    return each.what, each.question, each.change, each.result, mark, each.lesson


def _ladder(site: Site, studies: list[Study]) -> None:
    if not studies:
        st.html(head("The ladder", "From a naive network to synthetic images, one rung at a time."))
        st.html(empty("It is drawn from a study. This one ships:"))
        st.html(code(STUDY))
        return
    named = {study.id: study for study in studies}
    chosen = st.selectbox("Study", list(named), format_func=lambda key: _named(named[key]))
    study = named[chosen]
    st.html(head("The ladder", study_words.question(study)))
    if not study.levels:
        st.html(empty(f"It has no result yet: {study_words.far(study)}. {study.error}"))
        return
    study_charts.ladder(study)
    st.caption(
        "Accuracy on test images. Dots have their 95 % interval, small lines are seeds, hollow "
        "diamonds what others claim."
    )
    if study.claims:
        st.html(table("Claims beside what was measured", CLAIMS, study_words.claims(study)))
        st.html(empty("The claims are of other data, which is not at hand: compare them in kind."))
    with st.expander("What each rung reached, as a table"):
        st.html(_levels(study))
    task = site.tasks.get(tomllib.loads(study.recipe)["base"]["task"])
    titles = {label.name: label.title for label in task.labels} if task else {}
    if rows := study_words.by_class(study, titles):
        with st.expander("What each step did to each class"):
            st.html(table("Sensitivity after less before", CLASSES, rows))
    if REPORT in study.files:
        st.download_button(
            "Report of the study",
            lambda: site.blobs.get(study.files[REPORT]),
            file_name=f"{study.name}-report.md",
            mime="text/markdown",
            on_click="ignore",
        )


def _named(study: Study) -> str:
    return f"{study.name} ({study.id[:8]}), {study.time:%Y-%m-%d}, {study.state}"


def _levels(study: Study) -> Html:
    rows = [
        (
            level.rung,
            str(level.per_class),
            shown(level.accuracy),
            ", ".join(f"{reached:.3f}" for reached in level.by_seed),
            f"{level.processor_minutes:.1f} min of computing",
        )
        for level in study.levels
    ]
    images, units = study.test["images"], study.test["units"]
    caption = f"On {many(images, 'test image')} of {many(units, 'patient or group')}"
    return table(caption, LEVELS, rows)
