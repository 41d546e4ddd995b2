"""The worst errors are the most confident ones, and their pictures show the label in question."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from radlens.domain.heatmap import heatmap
from radlens.imaging.overlay import overlay, shown_rgb
from radlens.imaging.prepare import prepare
from radlens.lab.dataset import find_dataset
from radlens.lab.failures import FALSE_NEGATIVE, FALSE_POSITIVE, LONGEST, OPACITY, failures, worst
from radlens.lab.subject import ask, images_of, scan_of
from tests.builders import TASKS, tiny_site
from tests.lab.answered import multi_label_answers
from tests.lab.tiny import write_dataset

TASK = TASKS["chest-xray"]


def test_the_surest_wrong_answers_come_first_and_right_or_unknown_ones_never():
    answers = multi_label_answers(200)
    found = worst(answers, count=4)
    for label in range(3):
        p, y, said = (a[:, label] for a in (answers.probabilities, answers.truth, answers.claimed))
        expected = sorted(p[said & (y == 0)], reverse=True)[:4]
        assert [p[i] for i, of, kind in found if (of, kind) == (label, FALSE_POSITIVE)] == expected
        expected = sorted(p[~said & (y == 1)])[:4]
        assert [p[i] for i, of, kind in found if (of, kind) == (label, FALSE_NEGATIVE)] == expected


def test_a_model_that_is_always_right_has_no_errors():
    answers = multi_label_answers(50)
    answers.claimed[:] = answers.truth == 1
    assert worst(answers) == []


def test_a_picture_is_the_image_beside_the_heat_map_of_that_label(tmp_path: Path):
    write_dataset(tmp_path / "data", TASK, {"test": 28})
    with tiny_site(tmp_path / "home") as site:
        engine = site.live.current(TASK.name)
        dataset = find_dataset(site, str(tmp_path / "data"), task=TASK)
        images = images_of(dataset, "test")
        [answers] = ask([engine], site.blobs, images, task=TASK)
        found, pictures = failures(engine, site.blobs, images, answers)
        by_digest = {image.digest: image for image in images}
        assert {failure.picture for failure in found} == set(pictures)
        for failure in found[:3]:
            image = by_digest[failure.image]
            index = TASK.names.index(failure.label)
            assert (image.truth[index] == 1) is (failure.kind == FALSE_NEGATIVE)
            scan = scan_of(site.blobs, image)
            evidence = engine.forward(prepare(scan, engine.manifest.input)[None]).evidence[0]
            mapped = overlay(scan, heatmap(evidence[index]), opacity=OPACITY, longest=LONGEST)
            drawn = np.asarray(Image.open(BytesIO(pictures[failure.picture])))
            np.testing.assert_array_equal(drawn[:, : scan.cols], shown_rgb(scan, LONGEST))
            np.testing.assert_array_equal(drawn[:, scan.cols :], mapped)
