"""Trains with one process a core, which on a CPU beats one process with a thread a core.

On a machine with a CUDA device there is one process, and everything happens on the device.
"""

import os
import time
from collections.abc import Callable

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from hotfolder import workers


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def run(function: Callable, processes: int, *arguments: object) -> None:
    """Call `function(rank, *arguments)` in so many processes that can `total` tensors together."""
    if device() == "cuda":
        function(0, *arguments)
        return
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", str(29500 + os.getpid() % 500))
    mp.spawn(_enter, args=(processes, function, arguments), nprocs=processes)


def _enter(rank: int, processes: int, function: Callable, arguments: tuple) -> None:
    workers.end_with_parent()
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=processes)
    function(rank, *arguments)
    dist.destroy_process_group()


def total(tensor: torch.Tensor) -> torch.Tensor:
    """Add the tensors of all processes, in place."""
    if size() > 1:
        dist.all_reduce(tensor)
    return tensor


def size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


class Clock:
    """Says how much of the training time is over, the same in all processes."""

    def __init__(self, minutes: float) -> None:
        self.start, self.seconds = time.monotonic(), 60 * minutes

    def share(self) -> float:
        """Return the share that is over, from 0; every process must ask equally often."""
        elapsed = torch.tensor([time.monotonic() - self.start])
        return float(total(elapsed)) / size() / self.seconds
