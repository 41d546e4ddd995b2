"""The denoising network: an established UNet that is told the noise level and the class."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from diffusers import UNet2DModel
from torch import Tensor, nn

from radlens.lab.synth.recipe import Shape
from radlens.lab.synth.refiner import Refiner
from radlens.lab.synth.schedule import left


class Denoiser(nn.Module):
    """Images (n, 1, side, side) with noise in them -> that noise.

    ``conditions`` classes have the numbers from 0; the next number is no class at all. With
    ``shape.masks`` a second plane of the images says where the lesion is, 1 inside and 0 outside;
    without that plane, and without a class, it is nowhere.
    """

    def __init__(self, shape: Shape, conditions: int) -> None:
        super().__init__()
        levels = len(shape.widths)
        plain, channels = levels - 1, shape.fold**2
        self.fold, self.nothing, self.masks = shape.fold, conditions, shape.masks
        self.unet = UNet2DModel(
            sample_size=shape.side // shape.fold,
            in_channels=(1 + shape.masks) * channels,
            out_channels=channels,
            block_out_channels=shape.widths,
            down_block_types=("DownBlock2D",) * plain + ("AttnDownBlock2D",),
            up_block_types=("AttnUpBlock2D",) + ("UpBlock2D",) * plain,
            layers_per_block=shape.layers,
            norm_num_groups=shape.groups,
            attention_head_dim=shape.head,
            num_class_embeds=conditions + 1,
        )
        self.fine = Fine(shape.fine) if shape.fine else None
        # Not a part of the denoising: it ends what the last look of the network left.
        self.drawn = shape.drawn
        self.refiner = Refiner(shape.refiner, conditions) if shape.refiner else None

    def forward(self, images: Tensor, times: Tensor, classes: Tensor) -> Tensor:
        told = self._told(images, classes) if self.masks else images
        folded, images = F.pixel_unshuffle(told, self.fold), images[:, :1]
        found: Tensor = self.unet(folded, times, classes, return_dict=False)[0]
        found = F.pixel_shuffle(found, self.fold)
        share = left(times, images.shape[-1])
        if self.fine is not None:
            found = self.fine(images, found, share)
        # Most of what is seen at a high level is noise already: the layers find the rest.
        return (1 - share).sqrt() * images + share.sqrt() * found

    def _told(self, images: Tensor, classes: Tensor) -> Tensor:
        """The images and their masks, (n, 2, side, side); guidance leaves out both at once."""
        grey, masks = images[:, :1], images[:, 1:]
        if not masks.shape[1]:
            masks = torch.zeros_like(grey)
        return torch.cat([grey, masks * (classes != self.nothing)[:, None, None, None]], 1)


class Fine(nn.Module):
    """What the folded layers found (n, 1, side, side), looked over once more pixel by pixel.

    They see a block as one place and carry little of its single pixels, which is the most of what
    is left to find where there is little noise. Until it has learned, it changes nothing.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        scales = nn.Linear(width, 4 * width)
        self.told = nn.Sequential(nn.Linear(1, width), nn.SiLU(), scales)
        self.first = nn.Conv2d(4, width, 3, padding=1)
        self.more = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.last = nn.Conv2d(width, 1, 3, padding=1)
        for values in (*scales.parameters(), *self.last.parameters()):
            nn.init.zeros_(values)

    def forward(self, images: Tensor, found: Tensor, share: Tensor) -> Tensor:
        signal, noise = share.sqrt(), (1 - share).sqrt()
        cleared = signal * images - noise * found
        missed = noise * images + signal * found
        level = (noise / signal).log().clamp(-6, 6).flatten(1)
        scales = (1 + self.told(level))[:, :, None, None].chunk(4, 1)
        maps = self.first(torch.cat([images, found, cleared, missed], 1))
        for scale, layer in zip(scales, self.more, strict=False):
            maps = maps + layer(F.silu(maps * scale))
        more: Tensor = self.last(F.silu(maps * scales[-2]) * scales[-1])
        return found + more


class WiderEmbedding(nn.Module):
    """An embedding whose rows stay as they are, and one row more that learns.

    The new class, which has the next number, begins as the mean of all others.
    """

    def __init__(self, rows: nn.Embedding) -> None:
        super().__init__()
        self.rows = rows.requires_grad_(requires_grad=False)
        self.more = nn.Parameter(rows.weight.detach()[:-1].mean(0, keepdim=True).clone())

    def forward(self, classes: Tensor) -> Tensor:
        return F.embedding(classes, torch.cat([self.rows.weight, self.more]))


def fresh(shape: Shape, conditions: int, seed: int) -> Denoiser:
    """A network with freshly drawn weights, the same for one seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Denoiser(shape, conditions)
