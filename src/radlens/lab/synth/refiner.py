"""The end of a drawn image: a network that knows what real ones look like from close by."""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn


class Refiner(nn.Module):
    """Images (n, 1, rows, cols) in [-1, 1], noise of that shape, classes (n,) -> the images again.

    What is changed is decided by the near surroundings of each pixel, at full and at half
    resolution: it is there for fine texture. Until it has learned, it changes nothing.
    """

    def __init__(self, width: int, conditions: int) -> None:
        super().__init__()
        deep = width * 8 // 3
        self.nothing = conditions
        self.first = nn.Conv2d(2, width, 3, padding=1)
        self.down = nn.Conv2d(4 * width, deep, 1)
        self.classes = nn.Embedding(conditions + 1, deep)
        self.middle = nn.ModuleList(_two(deep) for _ in range(4))
        self.up = nn.Conv2d(deep, 4 * width, 1)
        self.more = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, 1, 3, padding=1)
        for values in self.last.parameters():
            nn.init.zeros_(values)

    def forward(self, images: Tensor, noise: Tensor, classes: Tensor) -> Tensor:
        known = classes.clamp(max=self.nothing)  # a disease that was learned later is no class here
        fine = self.first(torch.cat([images, noise], 1))
        maps = self.down(F.pixel_unshuffle(F.silu(fine), 2))
        maps = maps + self.classes(known)[:, :, None, None]
        for block in self.middle:
            maps = maps + block(maps)
        fine = fine + F.pixel_shuffle(self.up(F.silu(maps)), 2)
        changed: Tensor = images + self.last(F.silu(self.more(F.silu(fine))))
        return changed


class Critic(nn.Module):
    """Images (n, 1, rows, cols) and classes (n,) -> how real each patch looks, (n, 1, ., .).

    It is shown what is fine beside the image, enlarged. A class tells by a product of its own
    (Miyato and Koyama 2018, ICLR).
    """

    def __init__(self, width: int, conditions: int) -> None:
        super().__init__()
        channels = (2, width, 2 * width, 3 * width, 3 * width, 3 * width)
        sizes = ((3, 1), (4, 2), (4, 2), (3, 1), (4, 2))
        self.layers = nn.ModuleList(
            nn.Conv2d(of, to, size, stride, 1)
            for (of, to), (size, stride) in zip(pairwise(channels), sizes, strict=True)
        )
        self.real = nn.Conv2d(3 * width, 1, 1)
        self.classes = nn.Embedding(conditions + 1, 3 * width)

    def forward(self, images: Tensor, classes: Tensor) -> Tensor:
        around = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1)
        maps = torch.cat([images, 8 * (images - around)], 1)
        for layer in self.layers:
            maps = F.leaky_relu(layer(maps), 0.2)
        told = (maps * self.classes(classes)[:, :, None, None]).sum(1, keepdim=True)
        seen: Tensor = self.real(maps) + told / maps.shape[1] ** 0.5
        return seen


def _two(width: int) -> nn.Sequential:
    """Two layers of one width, each after its nonlinearity."""
    layers = (nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))
    return nn.Sequential(*layers, nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))
