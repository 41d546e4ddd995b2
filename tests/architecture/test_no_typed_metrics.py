"""No page, card or document holds a metric that somebody typed: figures come from records."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from radlens.lab.synth.about import ABOUT, About
from radlens.lab.synth.card import card as generator_card
from tests.architecture.typed import (
    content,
    figures,
    measures,
    prose,
    regenerated,
    retold,
    strings,
)
from tests.builders import TASKS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "radlens"
PAPERS = sorted((SOURCE / "gallery").rglob("card.md"))
GENERATORS = [card for card in PAPERS if (card.parent / ABOUT).exists()]
CARDS = [card for card in PAPERS if card not in GENERATORS]
STUDIES = sorted(
    path.with_name("report.md") for path in (ROOT / "docs" / "studies").glob("*/study.json")
)
# Made of the records beside it, as tests/lab/test_gallery_study.py holds.
MADE = {*STUDIES, ROOT / "docs" / "studies" / "gallery" / "report.md"}
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - MADE)
SHELLS = sorted(
    path for folder in ("ui", "reports", "api", "cli") for path in (SOURCE / folder).rglob("*.py")
)

# What looks like a metric and is none, each with its reason.
ALLOWED = {
    "95 %": "the level of every interval",
    "0.001": "the smallest p that is printed",
    "0.731 (0.702 to 0.759)": "how an interval is spelled, in a docstring",
    "12 %": "the width of a table's column",
    "100 %": "all of a progress",
}


def record_of(card: Path) -> dict:
    return json.loads((card.parent / "manifest.json").read_text())


@cache
def told(card: Path) -> list[str]:
    """The figures of a card's record, as they are spelled."""
    return [*measures(record_of(card))]


def foreign(text: str) -> list[str]:
    """What looks like a metric and is neither allowed nor a record's figure with its interval."""
    for card in CARDS:
        for figure in told(card):
            text = text.replace(figure, "")
    for known in ALLOWED:
        text = re.sub(rf"(?<![\w.]){re.escape(known)}", "", text)
    return figures(text)


@pytest.mark.parametrize("path", SHELLS, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_page_report_or_command_holds_a_typed_metric(path: Path) -> None:
    assert [found for text in strings(path.read_text()) for found in foreign(text)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_holds_a_typed_metric(path: Path) -> None:
    """What a decision rests on may stand in its page if the page names what measures it again."""
    text = prose(path.read_text())
    benches = re.findall(r"`python -m (bench\.\w+)`", text)
    if path.parent.name == "adr" and benches:
        assert all((ROOT / f"{name.replace('.', '/')}.py").exists() for name in benches)
        return
    assert foreign(text) == []


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.parent.name)
def test_a_shipped_card_says_what_its_manifest_says(card: Path) -> None:
    again = regenerated(card.parent / "manifest.json", TASKS[record_of(card)["task"]])
    assert content(card.read_text()) == content(again)


@pytest.mark.parametrize("card", GENERATORS, ids=lambda card: card.parent.name)
def test_a_generators_card_says_what_is_on_record_of_it(card: Path) -> None:
    about = About.read((card.parent / ABOUT).read_bytes())
    assert card.read_text() == generator_card(about)
    for name in about.files:
        about.proven(name, (card.parent / name).read_bytes())


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.parent.name)
def test_a_studys_report_is_made_of_its_entry(path: Path) -> None:
    assert path.read_text() == retold(path.with_name("study.json"))


@pytest.mark.parametrize(
    "text",
    [
        "It reaches an accuracy of 0.9 on test.",
        "The AUROC is 0.731.",
        "Sensitivity: 91%",
        "right in 93.5 % of cases",
        "about 0.85 (0.80 to 0.90)",
        "F1 .91",
    ],
)
def test_what_somebody_typed_is_seen(text: str) -> None:
    assert foreign(text) != []


@pytest.mark.parametrize(
    "text",
    [
        "version 0.1.0, torch 2.13.0, Python 3.11",
        "0.75rem",
        "every figure with its 95 % interval",
        "12 images, 3 of 4 labels, port 8501, 127.0.0.1",
        "format .3f and .0%",
        "sensitivity and specificity with intervals",
    ],
)
def test_what_is_no_metric_is_let_through(text: str) -> None:
    assert foreign(text) == []


def test_a_records_figure_may_be_quoted_with_its_interval_and_not_without() -> None:
    quoted = next(measures(record_of(CARDS[0])))
    assert foreign(f"The figure is {quoted}.") == []
    assert foreign(f"The AUROC is {quoted.split()[0]}.") != []


def test_the_fixed_part_of_an_f_string_is_read_and_its_format_is_not() -> None:
    assert [*strings('x = f"accuracy 0.93 {y:.3f}"')] == ["accuracy 0.93 "]
