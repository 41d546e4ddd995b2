"""System Architecture: the parts answer for themselves, and a walk is measured on demand."""

import re
from xml.etree import ElementTree

from radlens.domain.ledger import Kind
from radlens.ui.diagram import diagram, in_words
from radlens.ui.pipeline import pipeline
from radlens.usecases.time_walk import time_walk
from tests.builders import picture, png


def test_every_part_was_asked_and_says_how_long_it_took(screen, site):
    text = screen("system_architecture").text
    for part in ("Database", "Objects", "Disk", "Model: Chest X-ray, 13 findings"):
        row = re.search(rf"{part}</th>.*?</tr>", text)
        assert row, part
        assert re.search(r"\d ms", row[0]), part
    assert "SQLite" in text


def test_a_task_without_a_model_is_none_and_not_broken(screen):
    text = screen("system_architecture").text
    row = re.search(r"Model: No model yet</th>.*?</tr>", text)
    assert ">none<" in row[0]
    assert "broken" not in text


def test_a_broken_part_is_named_with_what_to_do_and_the_rest_stands(screen, site, tmp_path):
    objects = tmp_path / "objects"
    objects.chmod(0o700)
    objects.rename(tmp_path / "away")
    objects.write_text("no folder")
    text = screen("system_architecture").text
    assert "broken" in re.search(r"Objects</th>.*?</tr>", text)[0]
    assert "answers" in re.search(r"Database</th>.*?</tr>", text)[0]


def test_nothing_is_measured_before_somebody_asks_for_it(screen, site):
    assert "Nothing was measured yet" in screen("system_architecture").text
    assert site.ledger.items(Kind.TIMING) == []


def test_the_last_walk_is_shown_stage_by_stage(screen, site):
    item = time_walk(site, png(picture(2)), task="brain-tumor", times=1)
    text = screen("system_architecture").text
    for stage, spent in item.body["median_ms"].items():
        assert f"{spent:.1f} ms" in re.search(rf">{stage}</th>.*?</tr>", text)[0]


def test_the_drawing_is_well_formed_and_says_in_words_what_it_shows(site):
    halves, flows = pipeline(site)
    drawn = ElementTree.fromstring(f"<div>{diagram(halves, flows)}</div>")  # noqa: S314
    assert len(drawn) == 2
    for svg in drawn:
        assert svg.get("role") == "img"
        assert svg.get("aria-label") == in_words(halves, flows)
        assert len(svg.findall("g")) == sum(len(half.steps) for half in halves)


def test_boxes_of_the_drawing_do_not_overlap_and_stay_inside(site):
    halves, flows = pipeline(site)
    for svg in ElementTree.fromstring(f"<div>{diagram(halves, flows)}</div>"):  # noqa: S314
        width, height = map(float, svg.get("viewBox").split()[2:])
        boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in svg.iter("rect")]
        for at, (x, y, w, h) in enumerate(boxes):
            assert x >= 0
            assert x + w <= width
            assert y + h <= height
            for a, b, c, d in boxes[at + 1 :]:
                assert x + w <= a or a + c <= x or y + h <= b or b + d <= y
