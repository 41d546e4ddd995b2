"""What Stable Diffusion is told to draw: the task card's words, then the user's."""

from typing import Protocol

from radlens.domain.errors import TooLarge
from radlens.domain.task import Task

MOST_LETTERS = 500
# DICOM PS3.3 C.7.3.1.1.1, in the words that captions of images have.
RADIOGRAPH = "radiograph"
SPOKEN = {"CR": RADIOGRAPH, "DX": RADIOGRAPH, "RG": RADIOGRAPH, "US": "ultrasound image"}


class Tokenizer(Protocol):
    """As transformers' fast tokenizers are called."""

    def __call__(
        self, text: str, *, return_offsets_mapping: bool, truncation: bool, max_length: int
    ) -> dict[str, list[tuple[int, int]]]: ...


def prompt_of(task: Task, title: str, words: str = "") -> str:
    """Body part and modality of the card, the title of what is to be seen, the user's words.

    Raises TooLarge for more than ``MOST_LETTERS`` of these.
    """
    if len(words) > MOST_LETTERS:
        raise TooLarge(
            f"The prompt has {len(words)} characters; at most {MOST_LETTERS} are read.",
            hint="Say in a sentence what is to be seen, and where.",
        )
    body = f"{task.body_parts[0].lower()} " if task.body_parts else ""
    kind = SPOKEN.get(task.modalities[0], f"{task.modalities[0]} image")
    said = " ".join(words.split())
    return ", ".join(part for part in (f"{body}{kind}", title, said) if part)


def left_out(tokenizer: Tokenizer, prompt: str, most: int) -> str:
    """The end of a prompt that is not read, because it has more than ``most`` tokens."""
    places = tokenizer(prompt, return_offsets_mapping=True, truncation=True, max_length=most)[
        "offset_mapping"
    ]
    return prompt[max(end for _, end in places) :].strip()
