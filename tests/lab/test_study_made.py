"""A rung with made images: a generator learns an arm's few images, and every rung takes as long."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from radlens.domain.errors import BadDataset, BadRecipe
from radlens.domain.ledger import Kind, State
from radlens.domain.study import Study
from radlens.domain.task import Mode
from radlens.lab.markdown import said
from radlens.lab.study import courses, study
from radlens.lab.study_made import Made, made_cases
from radlens.lab.study_recipe import read_study
from radlens.lab.synth.generate import Order, generate
from radlens.lab.synth.train import train
from radlens.ports import Site
from radlens.usecases.release import utility_of
from tests.builders import TASKS, tiny_site
from tests.lab.synth.tiny_generator import write_synth_recipe
from tests.lab.test_study import write_study
from tests.lab.tiny import cases, tiny_recipe, write_dataset

TASK = TASKS["brain-tumor"]
MADE = Made("mix", "", "tiny-base", 4, 0.01, 3, 1.0, 3)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("made")
    write_dataset(folder / "data", TASK, {"train": 16, "val": 8, "test": 12})
    recipe = write_synth_recipe(folder / "recipe.toml", network={"side": 32, "refined": 32})
    with tiny_site(folder / "home") as opened:
        train(opened, recipe, data=str(folder / "data"), out=folder / "run", name="tiny-base")
        yield opened


FEW = cases(8, 4, mode=Mode.MULTI_CLASS, seed=1)


def drawn(site: Site, few=FEW, seed: int = 1, **changes: object):
    return made_cases(site, few, replace(MADE, **changes), task=TASK, seed=seed, side=32)


def test_what_is_drawn_follows_from_the_few_and_the_seed_alone(site: Site) -> None:
    one = drawn(site)
    assert one.grey.shape == (12, 32, 32)
    assert one.truth.sum(0).tolist() == [3, 3, 3, 3]
    assert all(about["synthetic"] for about in one.about)
    assert not {*one.unit} & {*FEW.unit}
    np.testing.assert_array_equal(one.grey, drawn(site).grey)
    others = cases(8, 4, mode=Mode.MULTI_CLASS, seed=2)
    for different in (drawn(site, others), drawn(site, seed=2), drawn(site, steps=5)):
        assert not np.array_equal(one.grey, different.grey)


def test_a_generator_of_other_classes_or_pixels_is_refused(site: Site) -> None:
    with pytest.raises(BadRecipe, match="classes"):
        made_cases(site, FEW, MADE, task=TASKS["neuro-rare"], seed=1, side=32)
    with pytest.raises(BadRecipe, match="32 pixels from 32, the study has 64"):
        made_cases(site, FEW, MADE, task=TASK, seed=1, side=64)


def test_a_generator_that_enlarges_what_it_learned_is_refused(site: Site, tmp_path: Path) -> None:
    """The few images are on the study's grid, and its layers learn on a coarser one."""
    recipe = write_synth_recipe(tmp_path / "recipe.toml", network={"refined": 32})
    data = next(iter(site.ledger.items(Kind.DATASET))).name
    train(site, recipe, data=data, out=tmp_path / "out", name="enlarges")
    with pytest.raises(BadRecipe, match="32 pixels from 16, the study has 32"):
        made_cases(site, FEW, replace(MADE, generator="enlarges"), task=TASK, seed=1, side=32)


def test_every_way_takes_as_many_steps(tmp_path: Path, site: Site) -> None:
    plan = replace(tiny_recipe(tmp_path), epochs=60, batch=4)

    def steps(made, way: str) -> int:
        parts = courses(FEW, made, way, plan)
        return sum(course.epochs * -(-len(images) // course.batch) for images, course in parts)

    assert {steps(None, ""), steps(drawn(site), "mix"), steps(drawn(site), "pretrain")} == {120}
    [(mixed, _)] = courses(FEW, drawn(site), "mix", plan)
    assert len(mixed) == 20
    first, second = courses(FEW, drawn(site), "pretrain", plan)
    assert [len(images) for images, _ in (first, second)] == [12, 8]


def with_made(path: Path, **changes: object) -> Path:
    entries = vars(MADE) | changes
    text = write_study(path, seeds=[1], per_class=[2], epochs=[2]).read_text()
    for way in ("mix", "pretrain"):
        lines = [f"{k} = {json.dumps(v)}" for k, v in (entries | {"way": way}).items()]
        text += f'[[rung]]\nname = "{way}"\nwhat = "made"\nagainst = "mirrored"\nchanges = {{}}\n'
        text += "[rung.made]\n" + "\n".join(lines) + "\n"
    path.write_text(text)
    return path


def test_a_study_compares_each_way_with_the_rung_that_it_names(site: Site, tmp_path: Path) -> None:
    data = next(iter(site.ledger.items(Kind.DATASET))).name
    done = study(site, with_made(tmp_path / "study.toml"), data=data)
    assert [(step.before, step.after) for step in done.steps] == [
        ("plain", "mirrored"),
        ("mirrored", "mix"),
        ("mirrored", "pretrain"),
    ]
    assert len({arm.weights for arm in done.arms}) == 4


def with_given(path: Path, dataset: str) -> Path:
    text = write_study(path, seeds=[1], per_class=[2, 3], epochs=[2, 2]).read_text()
    text += '[[rung]]\nname = "given"\nwhat = "made"\nagainst = "mirrored"\nchanges = {}\n'
    text += f'per_class = [2]\n[rung.made]\nway = "mix"\ndataset = "{dataset}"\n'
    path.write_text(text)
    return path


def test_what_a_dataset_does_to_its_classes_is_on_record_for_its_release(
    site: Site, tmp_path: Path
) -> None:
    data = site.ledger.items(Kind.DATASET)[-1].name
    made = generate(site, Order("glioma", 4, "tiny-base", steps=2, name="given"))
    done = study(site, with_given(tmp_path / "study.toml", made.name), data=data)
    assert made.id in done.parents
    assert [(s.after, s.per_class) for s in done.steps if s.after == "given"] == [("given", 2)]
    step = next(step for step in done.steps if step.after == "given")
    assert done.utility == {"glioma": step.classes["glioma"]}, "what it has images of, no more"
    assert Study.of(site.ledger.get(done.id)) == done
    told = utility_of(site, made.id)["glioma"]
    assert (told.record, told.difference) == (done.id, step.classes["glioma"].difference)
    report = site.blobs.get(done.files["report.md"]).decode()
    assert f"| given | 2 | glioma | {said(asdict(told.difference))} | {told.verdict} |" in report


def test_a_dataset_without_synthetic_images_helps_nobody(site: Site, tmp_path: Path) -> None:
    data = site.ledger.items(Kind.DATASET)[-1].name
    with pytest.raises(BadDataset, match="no synthetic image to train on"):
        study(site, with_given(tmp_path / "study.toml", data), data=data)
    assert all(item.state is not State.FAILED for item in site.ledger.items(Kind.STUDY))


def test_a_rung_takes_a_generator_or_a_dataset(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match=r"rung\.made\.generator"):
        read_study(with_made(tmp_path / "study.toml", dataset="given"))
    path = with_given(tmp_path / "given.toml", "given")
    path.write_text(path.read_text().replace("per_class = [2]\n", "per_class = [9]\n"))
    with pytest.raises(BadRecipe, match="a per_class that the study has not"):
        read_study(path)


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"lr": 0.0}, {"per_class": 0}, {"guidance": 0.5}, {"solver_steps": 0}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_impossible_entries_are_named(tmp_path: Path, wrong: dict) -> None:
    with pytest.raises(BadRecipe, match=f"rung.made.{next(iter(wrong))}"):
        read_study(with_made(tmp_path / "study.toml", **wrong))


def test_a_rung_is_compared_with_one_before_it(tmp_path: Path) -> None:
    path = with_made(tmp_path / "study.toml")
    path.write_text(path.read_text().replace('against = "mirrored"', 'against = "pretrain"', 1))
    with pytest.raises(BadRecipe, match="compared with none before it"):
        read_study(path)
