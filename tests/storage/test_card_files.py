"""Cards in another language: all of the package's, a site's own words, and words that are wrong."""

from pathlib import Path

import pytest

from radlens.bootstrap import cards_of
from radlens.domain.errors import BadCard, BadSettings
from radlens.settings import Settings
from tests.builders import TASKS


def cards(home: Path, language: str):
    return cards_of(Settings(home=home, language=language))


def test_every_label_of_every_shipped_card_is_told_in_german(tmp_path: Path):
    plain, german = cards(tmp_path, "en"), cards(tmp_path, "de")
    assert plain == TASKS
    for name, card in german.items():
        assert card.names == plain[name].names
        assert card.title != plain[name].title
        assert card.intended_use != plain[name].intended_use
        for label, before in zip(card.labels, plain[name].labels, strict=True):
            assert label.meaning != before.meaning, label.name
            assert (label.urgency, label.codes) == (before.urgency, before.codes)
    assert german["brain-tumor"].label("glioma").title == "Gliom"


def test_a_site_adds_a_language_and_what_is_not_told_stays_english(tmp_path: Path):
    (tmp_path / "tasks" / "fr").mkdir(parents=True)
    words = '[labels.glioma]\ntitle = "Gliome"\n'
    (tmp_path / "tasks" / "fr" / "brain-tumor.toml").write_text(words)
    card = cards(tmp_path, "fr")["brain-tumor"]
    assert card.label("glioma").title == "Gliome"
    assert card.label("glioma").meaning == TASKS["brain-tumor"].label("glioma").meaning
    assert card.title == TASKS["brain-tumor"].title


def test_a_language_that_nobody_told_is_refused_with_those_that_are_known(tmp_path: Path):
    with pytest.raises(BadSettings, match="'xx'") as refused:
        cards(tmp_path, "xx")
    assert "en, de" in refused.value.hint


@pytest.mark.parametrize(
    "words",
    ["title = 3", 'title = ""', 'name = "other"', '[labels.cold]\ntitle = "Cold"',
     '[labels.glioma]\nurgency = "routine"', "[labels]\nglioma = 1", "title ="],
)  # fmt: skip
def test_words_that_the_card_has_no_place_for_are_refused(words: str):
    with pytest.raises(BadCard):
        TASKS["brain-tumor"].told_in(words)
