"""``radlens disease`` as people use it: add, list, show, and being told why not."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from radlens.cli.app import app
from radlens.domain.ledger import Kind
from tests.builders import furnish, picture, png, tiny_site

ASKED = ("--task", "brain-tumor", "--title", "Ring", "--meaning", "A ring.", "--urgency", "routine")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    furnish(tmp_path / "home")
    for folder, n in (("rings", 6), ("few", 4)):
        (tmp_path / folder).mkdir()
        for i in range(n):
            pixels = picture(seed=500 + i, rows=64, cols=64)
            (tmp_path / folder / f"{i}.png").write_bytes(png(pixels))
    return tmp_path


def run(home: Path, *arguments: object) -> Result:
    environment = {"RADLENS_HOME": str(home / "home"), "COLUMNS": "100", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["disease", *map(str, arguments)], env=environment)


def test_a_disease_is_queued_with_its_images_on_record(home: Path) -> None:
    asked = ("add", "ring", "--images", home / "rings", *ASKED, "--queue")
    done = run(home, *asked)
    assert done.exit_code == 0, done.output
    assert "To watch it: radlens jobs watch" in done.output
    assert run(home, *asked).output == done.output  # the same again is the same job
    with tiny_site(home / "home") as site:
        [job] = site.jobs.jobs()
        [dataset] = site.ledger.items(Kind.DATASET)
        assert job.arguments["images"] == dataset.id
    assert run(home, "list").output == (
        "No disease was added yet; `radlens disease add` does it.\n"
    )
    assert json.loads(run(home, "list", "--json").output) == []
    missing = run(home, "show", "ring")
    assert (missing.exit_code, "Hint" in missing.output) == (3, True)


@pytest.mark.parametrize(
    ("name", "folder", "more", "code", "words"),
    [
        ("glioma", "rings", (), 4, "has the label glioma already"),
        ("ring", "few", (), 2, "from 4 images"),
        ("ring", "nowhere", (), 2, "no folder, and no dataset"),
        ("ring", "rings", ("-n", 0), 2, "0 images cannot be drawn"),
        ("ring", "rings", ("-n", 1_000_000), 2, "1,000,000 images cannot be drawn"),
        ("ring", "rings", ("--prompt", "x" * 10_000), 2, "10,000 characters"),
        ("ring", "rings", ("--data", "nothing"), 3, "no dataset 'nothing'"),
        ("ring", "rings", (), 3, "learned from data that it does not name"),
    ],
)
def test_what_cannot_be_added_ends_with_its_code_a_hint_and_no_addition(
    home: Path, name: str, folder: str, more: tuple[object, ...], code: int, words: str
) -> None:
    done = run(home, "add", name, "--images", home / folder, *ASKED, *more)
    assert (done.exit_code, words in done.output, "Hint: " in done.output) == (code, True, True), (
        done.output
    )
    assert "No disease was added yet" in run(home, "list").output
