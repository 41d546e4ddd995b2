"""Two networks as one: their logits and their evidence are averaged, their errors are not."""

from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from radlens.lab.efficientnet import EfficientNetLite0, EfficientNetLite0Stride16
from radlens.lab.readout import read_out


class EfficientNetLite0Pair(nn.Module):
    """A deep ensemble (Lakshminarayanan et al. 2017, NeurIPS) of the whole network and its half.

    x (n, 3, height, width) -> logits (n, labels), evidence (n, labels, height/16, width/16), with
    sides that 32 divides. In training the logits are each member's own, (2, n, labels): each
    learns as if it were alone, with one bias in common, and their mean is what the pair says.
    """

    watched = ("members.0._blocks.4", "members.0._blocks.7")
    deeper = ("members.0._blocks.10", "members.0._blocks.14", "members.1._blocks.10")

    def __init__(self, labels: int) -> None:
        super().__init__()
        whole, half = EfficientNetLite0(labels), EfficientNetLite0Stride16(labels)
        self.channels = (whole.head.in_features, half.head.in_features)
        self.members = nn.ModuleList([whole, half])
        for member in (whole, half):
            member._fc = cast(nn.Linear, nn.Identity())  # the pair has one head for both
        self._fc = nn.Linear(sum(self.channels), labels)

    @property
    def head(self) -> nn.Linear:
        return self._fc

    def maps(self, x: Tensor) -> Tensor:
        return torch.cat(self._maps(x), 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = self._maps(x)
        logits, evidence = read_out(torch.cat(maps, 1), self._fc)
        if not self.training:
            return logits, evidence
        weights = torch.split(self._fc.weight, [*self.channels], 1)
        alone = [
            F.linear(each.mean((2, 3)), len(maps) * weight, self._fc.bias)
            for each, weight in zip(maps, weights, strict=True)
        ]
        return torch.stack(alone), evidence

    def _maps(self, x: Tensor) -> list[Tensor]:
        whole, half = (cast(EfficientNetLite0, member).maps(x) for member in self.members)
        # Each cell becomes four alike, which leaves the mean over the image what it was.
        return [F.interpolate(whole, scale_factor=2.0, mode="nearest"), half]
