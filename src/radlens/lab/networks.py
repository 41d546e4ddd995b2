"""The networks that can be trained, converted and exported, by name."""

import torch
from torch import nn

from radlens.domain.errors import BadRecipe
from radlens.lab.densenet import DenseNet121
from radlens.lab.efficientnet import EfficientNetLite0, EfficientNetLite0Stride16
from radlens.lab.pair import EfficientNetLite0Pair
from radlens.lab.resnet import ResNet18
from radlens.lab.smallcnn import SmallCnn

Net = ResNet18 | DenseNet121 | EfficientNetLite0 | EfficientNetLite0Pair | SmallCnn

ARCHITECTURES: dict[str, type[Net]] = {
    "resnet18": ResNet18,
    "densenet121": DenseNet121,
    "efficientnet-lite0": EfficientNetLite0,
    "efficientnet-lite0-stride16": EfficientNetLite0Stride16,
    "efficientnet-lite0-pair": EfficientNetLite0Pair,
    "small-cnn": SmallCnn,
}


def build(architecture: str, labels: int, generator: torch.Generator) -> Net:
    """A network with freshly drawn weights (He et al. 2015, ICCV); BadRecipe for a foreign name."""
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise BadRecipe(f"There is no architecture {architecture!r}; there are {known}.")
    with torch.device("meta"):
        shell = ARCHITECTURES[architecture](labels)
    network = shell.to_empty(device="cpu")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_in", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01, generator=generator)
            nn.init.zeros_(module.bias)
    return network
