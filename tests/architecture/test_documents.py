"""What the documents tell people to type works as it stands there."""

import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path

import click
import pytest

from radlens.cli.app import app
from radlens.settings import Settings
from tests.browser.pictures import PICTURES

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/runbook.md")),
    *sorted(GUIDE.glob("*.md")),
]
ACCESS = tomllib.loads((ROOT / "src" / "radlens" / "access.toml").read_text())
PICTURE = re.compile(r"pictures/([a-z-]+)\.png")
# By the group that may open a page: where the guide tells of it.
PAGE_OF = {
    "signed-in": "viewer.md",
    "reading": "reader.md",
    "engineering": "engineer.md",
    "administration": "administrator.md",
}


def typed() -> list[str]:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`((?:make|radlens|scripts/)[^`]+)`", text)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in [*lines, *inline] if line]


@pytest.mark.parametrize("line", [line for line in typed() if "radlens " in line])
def test_a_radlens_command_of_the_documents_can_be_parsed(line: str) -> None:
    words = [w for w in shlex.split(line) if w not in ("FILE", "FILENAME")]
    words = words[next(i for i, word in enumerate(words) if word.endswith("radlens")) + 1 :]
    command: click.Command = app
    while isinstance(command, click.Group) and words:
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    if any(word.startswith("-") for word in words):
        # Under the group's own context: Click keeps what a command learns from its first one.
        above = click.Context(app, **app.context_settings)
        command.make_context("radlens", words, parent=above)


@pytest.mark.parametrize("line", [line for line in typed() if line.startswith("make ")])
def test_a_make_target_of_the_documents_exists(line: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line.split()[1] in targets


def test_the_guide_lists_every_setting_with_its_default() -> None:
    guide = (GUIDE / "settings.md").read_text()
    for field in fields(Settings):
        if field.name not in ("home", "workers"):
            assert f"`{field.name}`" in guide, field.name
            assert str(field.default) in guide, field.name


@pytest.mark.parametrize(("address", "group"), ACCESS["pages"].items())
def test_the_guide_tells_of_every_page_where_its_role_begins(address: str, group: str) -> None:
    named = re.findall(r"\*\*([^*]+)\*\*", (GUIDE / PAGE_OF[group]).read_text())
    assert address in [re.sub(r"[^a-z]+", "-", name.lower()) for name in named]


def anchors(document: Path) -> list[str]:
    """The fragments by which a forge reaches the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        if link.startswith("https:"):
            continue
        place, _, fragment = link.partition("#")
        target = document.parent / place if place else document
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


def test_every_page_of_the_guide_is_reached_from_its_index() -> None:
    index = (GUIDE / "README.md").read_text()
    assert [page.name for page in GUIDE.glob("*.md") if f"({page.name})" not in index] == [
        "README.md"
    ]


def test_the_readme_fits_one_screen_and_shows_a_picture() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 70
    picture = re.search(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert picture
    assert (ROOT / picture[1]).exists()


def test_every_picture_is_shown_and_renewed_by_the_one_command() -> None:
    shown = {name for page in GUIDE.glob("*.md") for name in PICTURE.findall(page.read_text())}
    kept = {path.stem for path in (ROOT / "docs" / "pictures").glob("*.png")}
    assert kept == shown
    assert kept <= set(PICTURES)
