"""How synthesis ends where it fails: on record as failed, with nothing half done, and to go on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from radlens.cli.app import app
from radlens.domain.errors import BadOrder, NotThisTask, StorageFull
from radlens.domain.job import PutBack
from radlens.domain.ledger import Kind, State
from radlens.domain.synthesis import Order
from radlens.domain.task import Task
from radlens.lab.synth.adapt import Adaptation, adapt
from radlens.lab.synth.find import find_for
from radlens.lab.synth.generate import generate
from radlens.lab.synth.train import train
from radlens.ports import Site
from radlens.usecases.datasets import register
from tests.builders import TASKS, gated_bundle, picture, png, tiny_site
from tests.lab.filling import with_room
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.tiny import write_dataset

BRAIN = TASKS["brain-tumor"]


@dataclass(frozen=True)
class Made:
    """A site with a tiny generator for brains, ``tiny``, its folder, and a few images."""

    site: Site
    home: Path
    tiny: Path
    few: Path

    def wish(self, disease: str, generator: str = "tiny") -> Adaptation:
        return Adaptation(disease, self.few, BRAIN.name, "", generator)


def learned(site: Site, task: Task, folder: Path) -> Path:
    """The folder of a tiny generator of a task, which is on record by the folder's name."""
    write_dataset(folder / "data", task, {"train": 24, "val": 8, "test": 8})
    recipe = write_synth_recipe(folder / "recipe.toml", plain={"task": task.name})
    out = folder / "out"
    train(site, recipe, data=str(folder / "data"), out=out, name=folder.name)
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("made")
    (folder / "few").mkdir()
    for n in range(6):
        (folder / "few" / f"{n}.png").write_bytes(png(picture(seed=500 + n, rows=64, cols=64)))
    with tiny_site(folder / "home") as site:
        yield Made(site, folder / "home", learned(site, BRAIN, folder / "tiny"), folder / "few")


def full(path: Path) -> None:
    """The next time that a file is written there, the disk is full."""
    path.parent.mkdir(exist_ok=True)
    path.with_name(f"{path.name}.part").symlink_to("/dev/full")


def put_back(done: int, of: int) -> None:
    raise PutBack


def test_an_adaptation_that_a_full_disk_ends_has_failed_and_the_next_one_follows_it(
    made: Made, tmp_path: Path
):
    out = tmp_path / "out"
    full(out / "checkpoint.safetensors")
    with pytest.raises(StorageFull):
        adapt(made.site, made.wish("crowded"), out=out)
    [failed] = made.site.ledger.items(Kind.GENERATOR, name="crowded")
    assert failed.state is State.FAILED
    assert "disk is full" in failed.body["error"]

    def fill(done: int, of: int) -> None:
        full(out / "run.json")
        raise StorageFull("The disk is full.")

    with pytest.raises(StorageFull):
        adapt(made.site, made.wish("crowded"), out=out, seen=fill)
    again = made.site.ledger.items(Kind.GENERATOR, name="crowded")[0]
    assert again.state is State.FAILED, "the folder had no room to say so, the ledger had"
    assert failed.id in again.parents
    with pytest.raises(PutBack):
        adapt(made.site, made.wish("crowded"), out=out, seen=put_back)
    assert again.id in made.site.ledger.items(Kind.GENERATOR, name="crowded")[0].parents


def test_an_adaptation_that_was_put_back_stays_open_and_goes_on(made: Made, tmp_path: Path):
    for _ in range(2):
        with pytest.raises(PutBack):
            adapt(made.site, made.wish("later"), out=tmp_path / "out", seen=put_back)
        [item] = made.site.ledger.items(Kind.GENERATOR, name="later")
        assert item.state is State.RUNNING


def test_a_fault_of_our_own_closes_the_entry_too(made: Made, tmp_path: Path):
    def stumble(done: int, of: int) -> None:
        raise ZeroDivisionError("with what nobody has to read")

    with pytest.raises(ZeroDivisionError):
        adapt(made.site, made.wish("unlucky"), out=tmp_path / "out", seen=stumble)
    [item] = made.site.ledger.items(Kind.GENERATOR, name="unlucky")
    assert item.state is State.FAILED
    assert item.body["error"] == "It ended unexpectedly (ZeroDivisionError)."


def test_a_drawing_that_a_full_disk_ends_has_failed_and_goes_on_where_there_is_room(made: Made):
    order = Order("glioma", 45, "tiny", seed=21, steps=2, name="much")
    before = made.site.ledger.items(Kind.DATASET)
    with pytest.raises(StorageFull):
        generate(replace(made.site, blobs=with_room(made.site.blobs, 42)), order)
    failed = made.site.ledger.items(Kind.GENERATION)[0]
    assert failed.state is State.FAILED
    assert "disk is full" in failed.body["error"]
    assert made.site.ledger.items(Kind.DATASET) == before
    heard: list[int] = []
    dataset = generate(made.site, order, seen=lambda done, _: heard.append(done))
    assert heard == [40, 45]
    assert len(dataset.images) == 45
    assert failed.id in made.site.ledger.items(Kind.GENERATION)[0].parents


def test_what_the_gate_of_the_live_model_refuses_teaches_nothing(made: Made, tmp_path: Path):
    home = tmp_path / "home"
    gated_bundle(home / "gallery" / BRAIN.name, BRAIN, doubtful=0.0, refused=0.0)
    with tiny_site(home) as site:
        before = len(site.ledger.items(Kind.DATASET))
        wish = made.wish("strange", generator=str(made.tiny))
        with pytest.raises(NotThisTask, match=r"6 of 6 images are refused, first 0\.png"):
            adapt(site, wish, out=tmp_path / "out")
        assert site.ledger.items(Kind.GENERATOR) == []
        assert len(site.ledger.items(Kind.DATASET)) == before
        assert not (tmp_path / "out").exists()


def test_a_disease_of_two_tasks_is_drawn_for_the_one_that_is_named(made: Made, tmp_path: Path):
    names = ("neuro-rare", "unserved")
    for name in names:
        learned(made.site, made.site.tasks[name], tmp_path / name)
    disease = made.site.tasks["unserved"].names[0]
    for name in names:
        assert find_for(made.site, disease, name).about.task == name
        assert generate(made.site, Order(disease, 1, steps=1, task=name)).task == name
    with pytest.raises(BadOrder, match=f"Generators of neuro-rare and unserved draw '{disease}'"):
        find_for(made.site, disease)
    with pytest.raises(BadOrder, match="is for brain-tumor"):
        generate(made.site, Order("glioma", 1, "tiny", task="unserved"))


def test_the_command_that_draws_again_says_whether_the_bytes_are_the_same(made: Made):
    dataset = generate(made.site, Order("glioma", 2, "tiny", seed=8, steps=2, name="twice"))
    other = replace(dataset.images[1], about=dataset.images[0].about)
    register(made.site, replace(dataset, name="mixed up", images=(dataset.images[0], other)))
    runs = [
        CliRunner().invoke(app, ["synth", "again", *words], env={"RADLENS_HOME": str(made.home)})
        for words in (
            ("twice", dataset.images[1].file),
            ("mixed up", other.file),
            ("twice", "nobody"),
        )
    ]
    assert [run.exit_code for run in runs] == [0, 1, 3]
    assert runs[0].output.startswith("The same bytes: ")
    assert runs[1].output.startswith("Other bytes: ")
