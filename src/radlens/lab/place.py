"""Where a run computes: the processor, a GPU, or several under an established launcher."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from radlens.lab.networks import Net


@dataclass(frozen=True)
class Place:
    """One of ``ranks`` processes that train together, and the device that it computes on."""

    device: torch.device
    rank: int = 0
    ranks: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that judges and writes."""
        return self.rank == 0

    def part(self, n: int) -> slice:
        """This process's part of a batch of n."""
        return slice(n * self.rank // self.ranks, n * (self.rank + 1) // self.ranks)

    def spread(self, network: Net) -> nn.Module:
        """The network as the training step calls it; several processes share their gradients.

        Norms count the whole batch on GPUs; on processors torch has no such norm, and each
        process's norms count its own part.
        """
        if self.ranks == 1:
            return network
        on_gpu = self.device.type == "cuda"
        if on_gpu:
            nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(network, device_ids=[self.device.index] if on_gpu else None)

    def precision(self, name: str) -> AbstractContextManager[object]:
        """Mixed precision for ``bf16`` (Kalamkar et al. 2019); ``fp32`` leaves all as it is."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=name == "bf16")

    def agreed(self, value: float) -> float:
        """The first process's value, once every process is here."""
        if self.ranks == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]

    def mean(self, value: float) -> float:
        """The mean of all processes' values."""
        if self.ranks == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return total.item() / self.ranks


def here() -> Place:
    """This process's place: a GPU where there is one."""
    joined = distributed.is_initialized()
    rank, ranks = (distributed.get_rank(), distributed.get_world_size()) if joined else (0, 1)
    if torch.cuda.is_available():
        return Place(torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))), rank, ranks)
    return Place(torch.device("cpu"), rank, ranks)


@contextmanager
def together() -> Iterator[Place]:
    """Join the processes that ``torchrun`` or ``accelerate launch`` started, if one did."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield here()
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield here()
    finally:
        distributed.destroy_process_group()
