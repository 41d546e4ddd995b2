"""What Stable Diffusion is told: the card's words and the user's, within its bounds."""

from pathlib import Path

import pytest

from radlens.bootstrap import PACKAGE
from radlens.domain.errors import TooLarge
from radlens.lab.synth.stable_parts import CLIPTokenizer
from radlens.lab.synth.stable_prompt import MOST_LETTERS, left_out, prompt_of
from radlens.storage.card_files import read_tasks
from tests.lab.synth.tiny_stable import tiny_vocabulary

TASKS = read_tasks(PACKAGE / "tasks")


def test_the_card_says_what_kind_of_image_and_the_user_the_rest():
    brain, chest = TASKS["brain-tumor"], TASKS["chest-xray"]
    assert prompt_of(brain, "Glioma") == "brain MR image, Glioma"
    said = prompt_of(chest, chest.label("Mass").title, "  in the left\n upper lobe ")
    assert said == "chest radiograph, Mass, in the left upper lobe"


def test_more_words_than_are_read_are_refused():
    prompt_of(TASKS["brain-tumor"], "Glioma", "x" * MOST_LETTERS)
    with pytest.raises(TooLarge, match="10000 characters"):
        prompt_of(TASKS["brain-tumor"], "Glioma", "x" * 10_000)


def test_what_the_tokens_do_not_reach_is_named(tmp_path: Path):
    tiny_vocabulary(tmp_path / "tokenizer")
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert left_out(tokenizer, "brain MR image, Glioma", 77) == ""
    # 75 words of one token each fit between the two marks.
    assert left_out(tokenizer, "spot " * 75 + "in the middle", 77) == "in the middle"
