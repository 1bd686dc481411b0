"""What a failure inside torch means: memory ran out, the device is gone, or neither."""

from __future__ import annotations

import torch

from hotfolder.errors import DeviceLostError

TOO_LARGE = "there is too little memory for this size"
_RAN_OUT = (  # what allocators and libraries say that have no exception for it
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "ALLOC_FAILED",
    "could not create a primitive",
    "could not create a memory",
)
_LOST = (  # what CUDA, ROCm, XPU and MPS say of a device that has failed or is gone
    "CUDA error",
    "HIP error",
    "CUDA driver error",
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
    told = isinstance(error, RuntimeError) and any(sign in str(error) for sign in _LOST)
    return told and not ran_out(error)


def device_lost(device: str, error: Exception) -> DeviceLostError:
    """The sentence for a device that does not answer any more."""
    first = (str(error).splitlines() or [""])[0]
    return DeviceLostError(
        f"the device {device} does not answer any more ({first}); it may need a restart of "
        "hotfolder, or of the computer"
    )
