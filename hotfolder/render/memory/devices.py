"""How much memory a render may take: of the device, and of the computer behind it."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import psutil
import torch

from hotfolder.render import environment
from hotfolder.render.memory.memory_plan import GIB, Budget

CONTEXT_BYTES = GIB // 2  # what a graphics driver and its libraries take beside the tensors
OF_HOST = 0.8  # the rest of a computer's memory is for its other programs
_CGROUP = Path("/sys/fs/cgroup")


def first(wanted: str | list[str]) -> str:
    """The device that the setting `devices` means, or the first of them."""
    name = wanted if isinstance(wanted, str) else wanted[0]
    return environment.best_device() if name == "auto" else name


def budget(device: str) -> Budget:
    """The memory of `device` that this process has or may take, less what libraries need beside."""
    host = round((host_bytes() + psutil.Process().memory_info().rss) * OF_HOST)
    kind = device.partition(":")[0]
    if kind == "cuda":
        ours = torch.cuda.memory_reserved(device)
        return Budget(_less_context(torch.cuda.mem_get_info(device)[0] + ours), host)
    if kind == "xpu":
        ours = torch.xpu.memory_reserved(device)
        return Budget(_less_context(torch.xpu.mem_get_info(device)[0] + ours), host)
    if kind == "mps":  # one memory for both: nothing is gained by moving weights
        return Budget(min(torch.mps.recommended_max_memory(), host))
    return Budget(host, on_cpu=True)


def cap(device: str, most_bytes: int) -> None:
    """Have torch fail beyond this much of a device's memory, where the driver would not.

    NVIDIA's driver for Windows lends the computer's memory instead, which takes many times as long
    and never lets the memory plan fall back. Windows' Linux has the same driver.
    """
    kind, _, number = device.partition(":")
    if kind == "cuda" and (sys.platform == "win32" or "microsoft" in platform.release().lower()):
        share = min(1.0, most_bytes / total_bytes(device))
        torch.cuda.set_per_process_memory_fraction(share, int(number or 0))


def total_bytes(device: str) -> int:
    """All the memory of `device`; a CPU's is the computer's."""
    kind = device.partition(":")[0]
    if kind in ("cuda", "xpu"):
        return int(getattr(torch, kind).mem_get_info(device)[1])
    return int(psutil.virtual_memory().total)


def _less_context(free_bytes: int) -> int:
    return max(0, free_bytes - CONTEXT_BYTES)


def host_bytes() -> int:
    """The computer's memory that is free now, or what is left of this container's share."""
    free = int(psutil.virtual_memory().available)
    try:
        share = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        cached = _inactive(_CGROUP / "memory.stat")
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free
    return min(free, max(0, share - used + cached))


def _inactive(stat: Path) -> int:
    """Bytes of files that are in memory only because nobody needed the room."""
    for line in stat.read_text().splitlines():
        name, _, count = line.partition(" ")
        if name == "inactive_file":
            return int(count)
    return 0
