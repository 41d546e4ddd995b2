"""``radlens synth`` as people use it: assess, and what the gate says."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from radlens.cli.app import app
from tests.builders import picture, png, tiny_site
from tests.lab.planted import alike
from tests.lab.synth.made import hidden, made_images, real_images


def run(home: Path, *arguments: object) -> Result:
    environment = {"RADLENS_HOME": str(home), "COLUMNS": "100", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["synth", *map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    with tiny_site(folder) as site:
        real_images(site)
        made_images(site, [*(alike(1000 + n) for n in range(20)), hidden(4)], name="made")
    return folder


def test_a_dataset_is_assessed_and_then_the_gate_says_why_it_is_blocked(home: Path):
    before = run(home, "release", "made")
    assert before.exit_code == 0, before.output
    assert before.output.count("is blocked. How near they are to real images is unknown") == 4

    done = run(home, "assess", "made", "--against", "real", "--out", home / "out")
    assert done.exit_code == 0, done.output
    assert "copies: 1 of 21, at most" in done.output
    assert "On record as the assessment" in done.output
    record = json.loads((home / "out" / "record.json").read_text())
    assert record["kind"] == "assessment"
    assert record["copies"]["rate"]["hits"] == 1
    assert (home / "out" / "card.md").read_text().startswith("# made: what its synthetic images")
    assert (home / "out" / "neighbours.png").read_bytes().startswith(b"\x89PNG")

    told = json.loads(run(home, "release", "made", "--json").stdout)
    assert not any(each["released"] for each in told.values())
    assert {check["name"] for each in told.values() for check in each["checks"]} == {
        "fidelity", "copies", "utility",
    }  # fmt: skip


def test_what_cannot_be_assessed_ends_with_its_code_and_a_hint(home: Path):
    for arguments, code in (
        (("assess", "nobody", "--against", "real"), 3),
        (("assess", "real", "--against", "real"), 2),
        (("release", "nobody"), 3),
        (("release", "real"), 2),
    ):
        done = run(home, *arguments)
        assert done.exit_code == code, done.output
        assert "Hint: " in done.output


def test_learning_drawing_and_measuring_are_queued_once_and_refused_at_once(home: Path):
    few = home / "few"
    few.mkdir()
    for seed in range(5):
        (few / f"{seed}.png").write_bytes(png(picture(seed, 64, 64)))
    adapt = ("adapt", "--disease", "rare", "--images", few, "-t", "brain-tumor", "--queue")
    orders = (
        (adapt, "adapt"),
        (("generate", "--disease", "glioma", "-n", 3, "--queue"), "generate"),
        (("assess", "made", "--against", "real", "--queue"), "assess"),
    )
    for words, kind in orders:
        said = run(home, *words)
        assert said.exit_code == 0, said.output
        assert run(home, *words).output == said.output
        with tiny_site(home) as site:
            job = site.jobs.jobs()[0]
        assert (job.kind, f"radlens jobs watch {job.id[:12]}" in said.output) == (kind, True)
    assert run(home, "generate", "--disease", "glioma", "-n", 0, "--queue").exit_code == 2
    assert run(home, *adapt[:4], home / "nowhere", *adapt[5:]).exit_code == 3
    with tiny_site(home) as site:
        assert len(site.jobs.jobs()) == 3
