"""Figures are Vega-Lite that draws, with the record's numbers in it, in our fonts, on white."""

import json
from dataclasses import replace
from io import BytesIO

import altair as alt
import numpy as np
import pytest
from PIL import Image

from radlens.lab.figures import figures, png
from tests.evaluations import TASK, an_evaluation

FIGURES = figures(an_evaluation(), TASK)


def test_there_is_a_figure_for_each_part_of_an_evaluation():
    names = ["labels", "roc", "precision-recall", "risk-coverage", "reliability", "confusion"]
    assert list(FIGURES) == [*names, "subgroups", "robustness"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_valid_vega_lite_and_draws_something_on_white(name: str):
    alt.Chart.from_dict(FIGURES[name], validate=True)
    pixels = np.asarray(Image.open(BytesIO(png(FIGURES[name]))).convert("L"))
    assert pixels[0].min() == 255
    assert 0.001 < (pixels < 200).mean() < 0.6
    assert max(pixels.shape) < 2200


def test_a_figure_holds_the_records_numbers_and_fetches_nothing():
    text = json.dumps(FIGURES["confusion"])
    assert '"n": 3' in text
    assert FIGURES["labels"]["config"]["font"] == "Roboto"
    for spec in FIGURES.values():
        assert '"url"' not in json.dumps(spec)


def test_a_label_that_is_not_measurable_is_not_drawn():
    assert TASK.label("glioma").title not in json.dumps(FIGURES["roc"])
    assert TASK.label("glioma").title not in json.dumps(FIGURES["labels"])


def test_what_there_is_nothing_of_is_not_drawn():
    found = an_evaluation()
    bare = replace(
        found,
        scores=replace(found.scores, confusion=None),
        curves={},
        risk_coverage={},
        subgroups=found.subgroups[1:2],
        robustness=(),
    )
    assert list(figures(bare, TASK)) == ["labels"]
