"""What besides the recipe decides the bits: device, versions, threads, number format."""

from __future__ import annotations

import functools
import platform
from importlib import metadata
from pathlib import Path

import torch

MAX_THREADS = 256


def best_device() -> str:
    """The device that torch would be fastest on: cuda (also ROCm), xpu, mps or cpu."""
    if torch.cuda.is_available():
        return "cuda"
    if torch.xpu.is_available():
        return "xpu"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def devices() -> list[str]:
    """The devices to render on at the same time: every CUDA card, or the one best device."""
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [f"cuda:{card}" for card in range(cards)] if cards > 1 else [best_device()]


def is_here(device: str) -> bool:
    """Whether torch can compute on a device. Nothing is put on it yet."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return True
    if kind == "mps":
        return torch.backends.mps.is_available()
    there = {"cuda": torch.cuda, "xpu": torch.xpu}.get(kind)
    return there is not None and there.is_available() and int(number or 0) < there.device_count()


def device_name(device: str) -> str:
    """The device in words, with what changes the bits: "cpu AMD EPYC AVX512", "cuda NVIDIA …"."""
    kind = device.partition(":")[0]
    if kind == "cuda":
        return f"{kind} {torch.cuda.get_device_name(device)}"
    if kind == "xpu":
        return f"{kind} {torch.xpu.get_device_name(device)}"
    if kind == "cpu":
        return f"{kind} {_processor()} {torch.backends.cpu.get_cpu_capability()}"
    return f"{kind} {_processor()}"


def dtype(wanted: str, device: str, *, wide: bool = False) -> torch.dtype:
    """The number format to compute in; `wanted` is a profile's `model.dtype`.

    "auto" is float16 on CUDA and XPU: half the memory, twice the speed. On a CPU float16 is slower
    than float32, and on MPS several models overflow in it and come out black. `wide` says that a
    model was made for the wide range of bfloat16, and would overflow in float16 everywhere: its
    "auto" is bfloat16 on all but a CPU, also because few have the memory for it in float32.
    """
    if wanted == "auto":
        kind = device.partition(":")[0]
        halves = "bfloat16" if wide else "float16"
        wanted = halves if kind in ("cuda", "xpu") or (wide and kind == "mps") else "float32"
    chosen = getattr(torch, wanted)
    assert isinstance(chosen, torch.dtype)  # noqa: S101 - the profile's schema knows three names
    return chosen


def word(dtype: torch.dtype) -> str:
    """A number format as profiles and records write it: "float16"."""
    return str(dtype).removeprefix("torch.")


@functools.cache
def default_threads() -> int:
    """The CPU threads that torch chose at its start: physical cores, or OMP_NUM_THREADS."""
    return torch.get_num_threads()


def set_threads(count: int) -> None:
    """Let torch compute with `count` CPU threads from now on; other counts give other bits."""
    count = max(1, min(count, MAX_THREADS))
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)


def forbid_chance() -> None:
    """Keep cuDNN from choosing its algorithms by stopwatch, which differs from run to run."""
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


@functools.cache
def versions() -> dict[str, str]:
    """The versions of all that computes pixels."""
    named = {"torch": str(torch.__version__)}
    for library in ("diffusers", "transformers", "pillow"):
        named[library] = metadata.version(library)
    if torch.cuda.is_available():
        named["cuda"] = str(torch.version.cuda or torch.version.hip)
        named["cudnn"] = str(torch.backends.cudnn.version())  # type: ignore[no-untyped-call]
    return named


@functools.cache
def _processor() -> str:
    """The processor's name as its maker writes it, where the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
