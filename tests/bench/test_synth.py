"""The figures of ``make bench-synth`` can be measured, at a small size."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.figure import show
from bench.synth import figures, unmarked
from bench.synth_made import Ground, Size
from bench.synth_training import training_ratio
from radlens.lab.synth.train import train
from tests.builders import tiny_site
from tests.lab.synth.made import BRAIN, real_images
from tests.lab.synth.tiny_generator import tiny_synth_recipe, write_synth_recipe

LITTLE = Size(few=6, samples=3, solver=(1, 2), each=8, real=40, made=8)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("ground")
    with tiny_site(folder / "home") as site:
        real = real_images(site)
        out = folder / "generator"
        train(site, write_synth_recipe(folder / "tiny.toml"), data=real.id, out=out)
        yield Ground(site, BRAIN, str(out), unmarked(real), LITTLE)


def test_a_recipe_and_a_plain_loop_are_measured_side_by_side(tmp_path: Path) -> None:
    assert training_ratio(tiny_synth_recipe(tmp_path / "recipe"), steps=2, repeats=1) > 0


def test_every_line_of_the_table_can_be_measured(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tiny_site(tmp_path / "place") as place:
        table = list(figures(lambda: ground, place))
        assert show(table, []) == 0
    said = capsys.readouterr()
    assert said.err.count("steps: Frechet distance") == len(LITTLE.solver)
    lines = [line.split() for line in said.out.splitlines()]
    assert [name for name, *_ in lines] == [figure.name for figure in table]
    values = {name: float(value) for name, value, *_ in lines}
    assert values["adapt-and-draw-minutes"] > 0
    assert values["solver-steps-at-equal-fid"] in LITTLE.solver
    assert values["copies-at-most"] > 0.01, "32 images cannot show it"
