"""The pictures that the viewer gets are those of the record, label by label, colour by colour."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from radlens.imaging.overlay import heat_layer
from radlens.ui.plates import plates
from radlens.usecases.predict import predict
from radlens.usecases.recall import recall
from tests.builders import TASKS, picture, png
from tests.ui.conftest import READER

TASK = TASKS["chest-xray"]


def pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(b64decode(uri.partition(",")[2]))))


@pytest.fixture
def prediction(site):
    return predict(site, png(picture(3, 128, 96)), task=TASK.name, by=READER.actor)


def test_each_label_gets_the_layer_of_its_own_evidence_in_true_colours(site, prediction):
    recalled = recall(site, prediction.id)
    layers = plates(prediction.id, _site=site, _task=TASK).layers
    assert [layer["label"] for layer in layers] == list(TASK.names)
    drawn = [layer for layer in layers if layer["src"]]
    assert drawn
    for layer in drawn:
        heat = recalled.heatmap(layer["label"])
        assert (pixels(layer["src"]) == heat_layer(heat, 64, 48)).all()
        assert f"{heat.peak:.2g} logits" in layer["peak"]


def test_a_label_without_evidence_says_so_and_has_no_layer(site, prediction):
    recalled = recall(site, prediction.id)
    for layer in plates(prediction.id, _site=site, _task=TASK).layers:
        assert (layer["src"] is None) == (recalled.heatmap(layer["label"]) is None)
        if layer["src"] is None:
            assert layer["says"] == f"No evidence for {layer['title']} in this image."


def test_the_scale_ends_where_the_map_is_strongest(site, prediction):
    scale = pixels(plates(prediction.id, _site=site, _task=TASK).scale)
    assert scale[0, 0, 3] == 0
    assert scale[0, -1, 3] > 200
    assert scale[0, -1, 0] > scale[0, -1, 2]  # red, not blue


def test_the_values_are_those_of_the_record_and_16_bits_stay_16(site):
    for sent in (picture(3, 128, 96), picture(3, 128, 96).astype(np.uint16) * 40 + 7):
        found = predict(site, png(sent), task=TASK.name, by=READER.actor)
        made = plates(found.id, _site=site, _task=TASK)
        assert pixels(made.values).dtype.itemsize >= sent.dtype.itemsize
        assert (pixels(made.values) == sent).all()
        assert made.whole


def test_of_a_large_image_a_smaller_one_is_sent_in_the_same_units(site):
    sent = picture(4, 1500, 1100).astype(np.uint16) * 200 + 3000
    found = predict(site, png(sent), task=TASK.name, by=READER.actor)
    made = plates(found.id, _site=site, _task=TASK)
    assert pixels(made.values).shape == (1024, 751)
    assert not made.whole
    assert abs(pixels(made.values).mean() - sent.mean()) < 0.01 * sent.mean()
