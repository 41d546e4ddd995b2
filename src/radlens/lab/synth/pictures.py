"""What a generator learns from: grey images, and which classes each may be shown as."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from radlens.domain.task import Mode, Task
from radlens.lab.dataset import Cases, masks_of
from radlens.ports import Blobs

NO_FINDING = "no_finding"


@dataclass(frozen=True, eq=False)
class Pictures:
    """``grey`` (n, rows, cols) float16 in [0, 1]; ``classes`` (n, conditions + 1) of 0 and 1.

    The last column is no class at all. An image of several findings is shown as one of them at a
    time: simple, and a new disease is then one class more and nothing else. ``masks``
    (n, rows, cols), where there are any, say where the lesion of the class is.
    """

    grey: NDArray[np.float16]
    classes: Tensor
    masks: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.grey)

    def images(self, which: Tensor) -> Tensor:
        """The images at these positions, (n, 1, rows, cols), in [0, 1]; their masks, if there are
        any, are a second plane."""
        planes = [self.grey] if self.masks is None else [self.grey, self.masks]
        chosen = [each[which.numpy()].astype(np.float32) for each in planes]
        return torch.from_numpy(np.stack(chosen, 1))

    def shown_as(self, which: Tensor, drop: float, chance: torch.Generator) -> Tensor:
        """One class for each of the images, (n,), and for a share ``drop`` of them none."""
        classes = torch.multinomial(self.classes[which], 1, generator=chance)[:, 0]
        dropped = torch.rand(len(which), generator=chance) < drop
        return torch.where(dropped, self.classes.shape[1] - 1, classes)


def conditions(task: Task) -> tuple[str, ...]:
    """What may be asked of a task's generator: its labels, and for several findings also none."""
    return task.names if task.mode is Mode.MULTI_CLASS else (*task.names, NO_FINDING)


def pictures(cases: Cases, task: Task, blobs: Blobs | None = None) -> Pictures:
    """The cases of a task as a generator learns from them; of unknown class is no class.

    With ``blobs`` their masks, too. Of several findings nobody knows which of them a mask shows:
    it is left out.
    """
    known = cases.truth == 1
    if task.mode is Mode.MULTI_LABEL:
        known = np.column_stack([known, (cases.truth == 0).all(1)])
    classes = torch.from_numpy(np.column_stack([known, ~known.any(1)])).float()
    if blobs is None:
        return Pictures(cases.grey, classes)
    return Pictures(
        cases.grey, classes, masks_of(blobs, cases) & (known.sum(1) == 1)[:, None, None]
    )
