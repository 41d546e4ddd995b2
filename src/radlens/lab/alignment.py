"""Do two small copies show the same picture, cropped or squeezed? Answered by laying one on it."""

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor

# Sides of the copies in pixels, coarse to fine, and how often each is improved.
COARSE, FINE = 32, 64
COARSE_STEPS, FINE_STEPS = 6, 3
STARTS = (1.0, 0.92, 1.08)
# Below this on the coarse copies nothing is the same, and the finer ones are not looked at; below
# the next on the fine ones, laying the second on the first would not help either.
HOPELESS, DOUBTFUL = 0.8, 0.9
# Black and white say nothing: what was clipped there differs between two exports of one image.
CLIPPED = 0.03
LEAST_OVERLAP = 0.03
BATCH = 64


def agreement(copies: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """How well the pictures at ``one`` (m,) and ``other`` (m,) agree at best, (m,) in [-1, 1].

    ``copies`` (n, 64, 64) in [0, 1]. The correlation where neither is clipped, which no linear
    change of brightness alters, after the best stretch and shift of both axes up to a quarter
    (Gauss-Newton on the correlation: Evangelidis and Psarakis 2008, IEEE TPAMI 30).
    """
    found = [
        _agreement(copies[a][:, None].float(), copies[b][:, None].float())
        for a, b in zip(torch.split(one, BATCH), torch.split(other, BATCH), strict=True)
    ]
    return torch.cat(found) if found else torch.empty(0)


def _agreement(a: Tensor, b: Tensor) -> Tensor:
    laid = _Laid(*(F.avg_pool2d(image, FINE // COARSE) for image in (a, b)))
    warp, best = laid.improved(*laid.started(), COARSE_STEPS)
    likely = torch.nonzero(best > HOPELESS)[:, 0]
    if len(likely):
        fine = _Laid(a[likely], b[likely])
        warp, best[likely] = fine.improved(warp[likely], None, FINE_STEPS)
        doubtful = best[likely] > DOUBTFUL
        back, again = _inverse(warp[doubtful]), likely[doubtful]
        if len(again):
            other = _Laid(b[again], a[again]).improved(back, None, FINE_STEPS)[1]
            best[again] = torch.maximum(best[again], other)
    return best


def _inverse(warp: Tensor) -> Tensor:
    scale, shift = warp[:, :2], warp[:, 2:]
    return torch.cat([1 / scale, -shift / scale], 1)


class _Look(NamedTuple):
    """Correlation (m,); both pictures (m, pixels) under the mask, of mean 0 and length 1; more."""

    agree: Tensor
    a: Tensor
    b: Tensor
    laid: Tensor
    mask: Tensor
    length: Tensor


class _Laid:
    """Pictures a to be warped onto pictures b, both (m, 1, side, side).

    A warp (m, 4) is the scale of columns and rows, then their shift, in halves of the side.
    """

    def __init__(self, a: Tensor, b: Tensor) -> None:
        side = a.shape[-1]
        across, down = _slopes(a)
        self.layers = torch.cat([a, _unclipped(a), across * side / 2, down * side / 2], 1)
        self.b, self.b_unclipped = b, _unclipped(b)
        line = (torch.arange(side) + 0.5) / side * 2 - 1
        self.y, self.x = torch.meshgrid(line, line, indexing="ij")

    def started(self) -> tuple[Tensor, Tensor]:
        """The best of a few first warps, and its correlation."""
        warps = torch.tensor([[scale, scale, 0.0, 0.0] for scale in STARTS])
        each = torch.stack([self._looked(w.expand(len(self.b), 4)).agree for w in warps])
        best, which = each.max(0)
        return warps[which], best

    def improved(self, warp: Tensor, best: Tensor | None, steps: int) -> tuple[Tensor, Tensor]:
        """The warp after some steps, and the best correlation on the way."""
        for _ in range(steps):
            look = self._looked(warp)
            best = look.agree if best is None else torch.maximum(best, look.agree)
            slopes = self._slopes_of(look)
            square = slopes @ slopes.mT
            damping = 1e-3 * square.diagonal(dim1=1, dim2=2).mean(1) + 1e-6
            square = square + damping[:, None, None] * torch.eye(4)
            step = torch.linalg.solve(square, (slopes @ (look.b - look.a)[..., None]))[..., 0]
            scale, shift = (warp + step.clamp(-0.05, 0.05)).split(2, 1)
            warp = torch.cat([scale.clamp(0.8, 1.25), shift.clamp(-0.25, 0.25)], 1)
        now = self._looked(warp).agree
        return warp, now if best is None else torch.maximum(best, now)

    def _looked(self, warp: Tensor) -> _Look:
        """What b sees of a under a warp (m, 4)."""
        x = self.x * warp[:, 0, None, None] + warp[:, 2, None, None]
        y = self.y * warp[:, 1, None, None] + warp[:, 3, None, None]
        grid = torch.stack([x, y], -1)
        laid = F.grid_sample(self.layers, grid, "bilinear", "border", align_corners=False)
        inside = (grid.abs() <= 1).all(-1)[:, None] & (laid[:, 1:2] > 0.99)
        mask = (inside & self.b_unclipped.bool()).float().flatten(1)
        a, length = _normalised(laid[:, 0].flatten(1), mask)
        b, _ = _normalised(self.b.flatten(1), mask)
        enough = mask.mean(1) >= LEAST_OVERLAP
        agree = torch.where(enough, (a * b).sum(1), -1.0)
        return _Look(agree, a, b, laid, mask, length)

    def _slopes_of(self, look: _Look) -> Tensor:
        """How the normalised a changes with each entry of the warp, (m, 4, pixels)."""
        across, down = look.laid[:, 2], look.laid[:, 3]
        slopes = torch.stack([across * self.x, down * self.y, across, down], 1).flatten(2)
        mask, a = look.mask[:, None], look.a[:, None]
        mean = (slopes * mask).sum(2, keepdim=True) / mask.sum(2, keepdim=True).clamp(min=1)
        slopes = (slopes - mean) * mask / look.length[:, None]
        return slopes - (slopes * a).sum(2, keepdim=True) * a


def _normalised(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Values (m, pixels) under the mask with mean 0 and length 1, and their length before."""
    mean = (values * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True).clamp(min=1)
    centred = (values - mean) * mask
    length = centred.norm(dim=1, keepdim=True) + 1e-6
    return centred / length, length


def _slopes(image: Tensor) -> tuple[Tensor, Tensor]:
    """Change per pixel along columns and rows."""
    wide = F.pad(image, (1, 1, 1, 1), mode="replicate")
    across = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2
    return across, (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2


def _unclipped(image: Tensor) -> Tensor:
    """1 where a pixel and its neighbours are neither black nor white."""
    clipped = ((image < CLIPPED) | (image > 1 - CLIPPED)).float()
    return 1 - F.max_pool2d(clipped, 3, 1, padding=1)
