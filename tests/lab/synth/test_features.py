"""Features are what the bundle's last layer reads, of the image as serving prepares it."""

import numpy as np
import pytest
import torch

from radlens.domain.errors import BadBundle, BadDataset
from radlens.engines.golden import golden_scan
from radlens.imaging.decode import decode
from radlens.imaging.prepare import grey, prepare
from radlens.lab.export import to_onnx
from radlens.lab.looks import SIDE, imagenet_network
from radlens.lab.looks import features as imagenet
from radlens.lab.synth.features import CLASSIFIER, IMAGENET, Penultimate, view
from tests.builders import SPEC, picture, png, tiny_network
from tests.lab.tiny import TinyNet


def test_features_are_what_the_head_reads():
    network = TinyNet(4).eval()
    x = torch.randn(5, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found, logits = Penultimate(to_onnx(network, x), SPEC)(x.numpy())
    with torch.inference_mode():
        expected = network.maps(x).mean((2, 3))
        assert found == pytest.approx(expected.numpy(), abs=1e-5)
        assert logits == pytest.approx(network.head(expected).numpy(), abs=1e-4)


def test_a_network_without_evidence_is_refused():
    model = tiny_network(4)
    model.graph.node[2].output[0] = "other"
    with pytest.raises(BadBundle):
        Penultimate(model.SerializeToString(), SPEC)


def test_views_are_of_each_image_in_its_place():
    judge = Penultimate(tiny_network(4).SerializeToString(), SPEC)
    scans = [decode(png(picture(seed))) for seed in range(35)]
    found = view(iter(scans), ["an image"] * 35, judge)
    assert len(found) == 35
    for at in (0, 16, 34):
        alone, logits = judge(prepare(scans[at], SPEC)[None])
        assert found.features[CLASSIFIER][at] == pytest.approx(alone[0], abs=1e-5)
        assert found.logits[at] == pytest.approx(logits[0], abs=1e-5)
        assert found.copies[at] == pytest.approx(grey(scans[at], 64, 64), abs=1 / 255)
        direction = imagenet(imagenet_network(), np.stack([grey(scans[at], SIDE, SIDE)]))[0]
        assert found.features[IMAGENET][at] / np.sqrt(1280) == pytest.approx(direction, abs=2e-3)
    some = found.take(np.array([34, 0]))
    assert some.logits[0] == pytest.approx(found.logits[34])
    assert len(some) == 2


def test_one_image_is_seen_too():
    judge = Penultimate(tiny_network(4).SerializeToString(), SPEC)
    assert len(view([golden_scan()], ["golden"], judge)) == 1


def test_a_blank_image_is_named():
    judge = Penultimate(tiny_network(4).SerializeToString(), SPEC)
    scans = [decode(png(pixels)) for pixels in (picture(1), np.full((64, 64), 7, np.uint8))]
    with pytest.raises(BadDataset, match=r"^second: The image is blank"):
        view(scans, ["first", "second"], judge)
