"""The denoising network: an established UNet that is told the noise level and the class."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from diffusers import UNet2DModel
from torch import Tensor, nn

from radlens.lab.synth.recipe import Shape
from radlens.lab.synth.schedule import left


class Denoiser(nn.Module):
    """Images (n, 1, side, side) with noise in them -> that noise.

    ``conditions`` classes have the numbers from 0; the next number is no class at all.
    """

    def __init__(self, shape: Shape, conditions: int) -> None:
        super().__init__()
        levels = len(shape.widths)
        plain, channels = levels - 1, shape.fold**2
        self.fold, self.nothing = shape.fold, conditions
        self.unet = UNet2DModel(
            sample_size=shape.side // shape.fold,
            in_channels=channels,
            out_channels=channels,
            block_out_channels=shape.widths,
            down_block_types=("DownBlock2D",) * plain + ("AttnDownBlock2D",),
            up_block_types=("AttnUpBlock2D",) + ("UpBlock2D",) * plain,
            layers_per_block=shape.layers,
            norm_num_groups=shape.groups,
            attention_head_dim=shape.head,
            num_class_embeds=conditions + 1,
        )

    def forward(self, images: Tensor, times: Tensor, classes: Tensor) -> Tensor:
        folded = F.pixel_unshuffle(images, self.fold)
        found: Tensor = self.unet(folded, times, classes, return_dict=False)[0]
        share = left(times, images.shape[-1])
        # Most of what is seen at a high level is noise already: the layers find the rest.
        return (1 - share).sqrt() * images + share.sqrt() * F.pixel_shuffle(found, self.fold)


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
