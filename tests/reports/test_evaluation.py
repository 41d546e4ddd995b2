"""The cards of evaluations say what the record says, and nothing more."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

from pypdf import PdfReader

from radlens.imaging.overlay import to_png
from radlens.reports.card_pdf import card_pdf
from radlens.reports.comparison import comparison_parts
from radlens.reports.evaluation import evaluation_parts
from radlens.reports.part import Part
from tests.builders import picture
from tests.evaluations import TASK, a_comparison, an_evaluation

TIME = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
FILES = ("figures/roc.png", "figures/labels.png", "failures/001-pituitary-false-positive.png")
DRAWN = {
    name: to_png(picture(seed, 60, 200)[..., None].repeat(3, -1)) for seed, name in enumerate(FILES)
}


def parts_of() -> dict[str, Part]:
    found = evaluation_parts(an_evaluation(), TASK, pictures=FILES)
    return {part.title: part for part in found}


def words(parts: dict[str, Part]) -> str:
    cells = [" | ".join(row) for part in parts.values() for row in (part.head, *part.rows)]
    return "\n".join([*cells, *(line for part in parts.values() for line in part.words)])


def test_every_figure_stands_there_with_its_interval_and_comes_from_the_record() -> None:
    said = words(parts_of())
    assert "Accuracy | 0.750 (0.500 to 0.875)" in said
    shown = set(re.findall(r"\d\.\d{3}", said))
    assert shown == {"0.750", "0.500", "0.875"}


def test_a_label_with_one_class_alone_is_not_measurable_in_words() -> None:
    rows = {row[0]: row for row in parts_of()["Each label against the rest"].rows}
    glioma = rows[TASK.label("glioma").title]
    assert glioma[1:3] == ("0 of 8", "0")
    assert set(glioma[3:]) == {"not measurable"}


def test_positives_of_few_patients_are_a_warning() -> None:
    [_, warning] = parts_of()["Each label against the rest"].words
    assert f"{TASK.label('meningioma').title} (3)" in warning
    assert TASK.label("pituitary").title not in warning


def test_a_small_part_is_too_few_and_not_a_figure() -> None:
    rows = {row[0]: row for row in parts_of()["Subgroups"].rows}
    assert rows["sex: M"] == ("sex: M", "4 of 3", "too few", "too few")
    assert rows["sex: F"][2] == "0.750 (0.500 to 0.875)"


def test_only_pictures_that_are_there_are_named() -> None:
    named = [picture for part in parts_of().values() for picture in part.pictures]
    assert sorted(named) == sorted(FILES)


def test_what_was_not_done_has_no_heading() -> None:
    bare = replace(an_evaluation(), robustness=(), subgroups=(), failures=())
    titles = [part.title for part in evaluation_parts(bare, TASK, pictures=())]
    assert titles == [
        "What was measured",
        "Results",
        "Each label against the rest",
        "Each label at its operating point",
        "Method",
    ]


def test_the_pdf_holds_the_words_and_the_pictures_and_is_the_same_every_time() -> None:
    found = evaluation_parts(an_evaluation(), TASK, pictures=FILES)
    one, two = (
        card_pdf("Brain", found, pictures=DRAWN, foot="tiny-1", time=TIME) for _ in range(2)
    )
    assert one == two
    pages = PdfReader(BytesIO(one)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    for part in found:
        assert part.title in text
    assert "0.750 (0.500 to" in text
    assert "page 1 of" in text
    assert sum(len(page.images) for page in pages) >= len(FILES)


def test_a_comparison_says_the_difference_its_p_and_the_test() -> None:
    parts = {part.title: part for part in comparison_parts(a_comparison(), TASK)}
    [row] = parts["Results"].rows
    assert row[3:] == ("0.000 (-0.125 to 0.125)", "< 0.001 (DeLong)")
    [row] = parts[TASK.label("glioma").title].rows
    assert row[1:] == ("not measurable", "not measurable", "not measurable", "")
    card_pdf("Brain", tuple(parts.values()), pictures={}, foot="tiny", time=TIME)
