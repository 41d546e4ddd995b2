"""True Grad-CAM, by autograd: the reference that an exported evidence map must agree with."""

import torch
from torch import Tensor

from radlens.lab.networks import Net


def grad_cam(network: Net, x: Tensor) -> Tensor:
    """Grad-CAM of every label before its own scaling, shape (n, labels, rows, cols), >= 0.

    Selvaraju et al. 2017, ICCV, equations 1 and 2, on the final feature maps: each map is
    weighted by its mean gradient, the sum is rectified.
    """
    network.eval()
    with torch.no_grad():
        maps = network.maps(x)
    maps.requires_grad_()
    logits = network.head(maps.mean((2, 3)))
    cams = []
    for label in range(logits.shape[1]):
        # Cases do not touch each other: the gradient of the sum is the gradient of each.
        (gradient,) = torch.autograd.grad(logits[:, label].sum(), maps, retain_graph=True)
        weight = gradient.mean((2, 3), keepdim=True)
        cams.append(torch.relu((weight * maps).sum(1)))
    return torch.stack(cams, 1).detach()
