"""A plain small network for few images: four convolutions, each halving the picture."""

from torch import Tensor, nn

from radlens.lab.readout import read_out

CHANNELS = (16, 32, 64, 128)


class SmallCnn(nn.Module):
    """x (n, 3, height, width) -> logits (n, labels), evidence (n, labels, height/16, width/16).

    What an introduction to image classification builds first (LeCun et al. 1998, Proc. IEEE 86,
    with batch norm, ReLU and global average pooling instead of dense layers).
    """

    watched = ("features.11", "features.15")
    deeper = ()

    def __init__(self, labels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels_in, channels in zip((3, *CHANNELS), CHANNELS, strict=False):
            layers += [
                nn.Conv2d(channels_in, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        self.features = nn.Sequential(*layers)
        self.fc = nn.Linear(CHANNELS[-1], labels)

    @property
    def head(self) -> nn.Linear:
        return self.fc

    def maps(self, x: Tensor) -> Tensor:
        features: Tensor = self.features(x)
        return features

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return read_out(self.maps(x), self.fc)
