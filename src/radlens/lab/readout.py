"""The last step of every network here: global average pooling, then one linear layer."""

from typing import ClassVar, Protocol

import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn


class Network(Protocol):
    """What training, export and Grad-CAM need of a network, whatever comes before its head.

    ``watched`` names the layers whose maps the input gate looks at: at 1/8 and 1/16 of the side,
    where it still shows how an image is made and not only what it is of. By those and by the
    ``deeper`` ones, which see parts of a body, it tells what is up.
    """

    watched: ClassVar[tuple[str, ...]]
    deeper: ClassVar[tuple[str, ...]]

    @property
    def head(self) -> nn.Linear:
        """The linear layer that follows the pooling."""

    def maps(self, x: Tensor) -> Tensor:
        """The final feature maps, shape (n, channels, rows, cols), of x (n, 3, height, width)."""


def read_out(maps: Tensor, head: nn.Linear) -> tuple[Tensor, Tensor]:
    """Logits (n, labels) and evidence (n, labels, rows, cols) of maps (n, channels, rows, cols).

    Averaging and a linear layer commute, so ``evidence.mean((2, 3)) + bias == logits``, and the
    evidence is the class activation map (Zhou et al. 2016, CVPR, section 2).
    """
    logits = head(maps.mean((2, 3)))
    evidence = F.conv2d(maps, head.weight[:, :, None, None])
    return logits, evidence
