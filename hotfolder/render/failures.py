"""What a failure inside torch means: memory ran out, the device is gone, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from hotfolder.errors import DeviceLostError

TOO_LARGE = "there is too little memory for this size"
_RAN_OUT = (  # what allocators and libraries say that have no exception for it
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "ALLOC_FAILED",
    "OUT_OF_DEVICE_MEMORY",
    "OUT_OF_HOST_MEMORY",
    "could not create a primitive",
    "could not create a memory",
)
_LOST = (  # what CUDA, ROCm, XPU and MPS say of a device that has failed or is gone
    "CUDA error",
    "HIP error",
    "CUDA driver error",
    "CUDNN_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "No CUDA GPUs are available",
    "no NVIDIA driver",
    "DEVICE_LOST",
    "device lost",
    "MPS backend error",
)


def ran_out(error: Exception) -> bool:
    """Whether memory ran out; torch has a class of its own for that on graphics cards only."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    says = str(error)
    return isinstance(error, RuntimeError) and any(sign in says for sign in _RAN_OUT)


def lost(error: Exception) -> bool:
    """Whether a device does not answer any more, which it says by many names.

    "CUDA error: out of memory" is none of them.
    """
    is_lost = isinstance(error, torch.AcceleratorError) or (
        isinstance(error, RuntimeError) and any(sign in str(error) for sign in _LOST)
    )
    return is_lost and not ran_out(error)


@contextmanager
def in_words() -> Iterator[None]:
    """Raise DeviceLostError, with a sentence, where torch raises that the device is gone."""
    try:
        yield
    except RuntimeError as error:
        if not lost(error):
            raise
        first = (str(error).splitlines() or [""])[0]
        raise DeviceLostError(
            f"the device does not answer any more ({first}); hotfolder, or the "
            "computer, may have to be restarted"
        ) from error


def require(device: str) -> None:
    """Compute a little on a device; raises DeviceLostError if it does not answer."""
    try:
        float(torch.ones(8, device=device).sum())
    except Exception as error:  # what is missing decides who raises what
        if ran_out(error):
            return  # by other programs: it answers
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DeviceLostError(f"the device does not answer ({first})") from error
