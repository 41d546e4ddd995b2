"""DenseNet-121 (Huang et al. 2017, CVPR, table 1), with the names of torchvision and timm."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from radlens.lab.readout import read_out

GROWTH = 32
BLOCKS = (6, 12, 24, 16)


class DenseLayer(nn.Module):
    """Bottleneck of 1x1 and 3x3 convolutions that adds GROWTH channels (section 3, DenseNet-B)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * GROWTH)
        self.conv2 = nn.Conv2d(4 * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(torch.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(torch.relu(self.norm2(narrow)))], 1)


def _dense_block(channels: int, layers: int) -> nn.Sequential:
    named = ((f"denselayer{i + 1}", DenseLayer(channels + i * GROWTH)) for i in range(layers))
    return nn.Sequential(OrderedDict(named))


def _transition(channels: int) -> nn.Sequential:
    """Halve the channels and the resolution (section 3, compression 0.5)."""
    parts: dict[str, nn.Module] = {
        "norm": nn.BatchNorm2d(channels),
        "relu": nn.ReLU(),
        "conv": nn.Conv2d(channels, channels // 2, 1, bias=False),
        "pool": nn.AvgPool2d(2, stride=2),
    }
    return nn.Sequential(OrderedDict(parts))


class DenseNet121(nn.Module):
    """x (n, 3, height, width) -> logits (n, labels), evidence (n, labels, height/32, width/32)."""

    watched = ("features.transition1", "features.transition2")
    deeper = ("features.transition3",)

    def __init__(self, labels: int) -> None:
        super().__init__()
        parts: dict[str, nn.Module] = {
            "conv0": nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
            "norm0": nn.BatchNorm2d(64),
            "relu0": nn.ReLU(),
            "pool0": nn.MaxPool2d(3, stride=2, padding=1),
        }
        channels = 64
        for number, layers in enumerate(BLOCKS, start=1):
            parts[f"denseblock{number}"] = _dense_block(channels, layers)
            channels += layers * GROWTH
            if number < len(BLOCKS):
                parts[f"transition{number}"] = _transition(channels)
                channels //= 2
        parts["norm5"] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(OrderedDict(parts))
        self.classifier = nn.Linear(channels, labels)

    @property
    def head(self) -> nn.Linear:
        return self.classifier

    def maps(self, x: Tensor) -> Tensor:
        return torch.relu(self.features(x))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return read_out(self.maps(x), self.classifier)
