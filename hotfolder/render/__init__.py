"""The engine: recipe in, picture out, with a callback after every denoising step.

Importing this package, before torch and before any thread begins, sets up how torch computes and
allocates on a CPU. No bit of any picture hangs on that.
"""

import ctypes
import logging
import os
import sys
from pathlib import Path

import platformdirs

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # glibc's malloc.h
_KEPT_BYTES = 2**30
_MAPPED_FROM_BYTES = 2**28


def _allocate_from_one_heap() -> None:
    """Let glibc's malloc keep up to 1 GiB that was freed, instead of giving it back every time.

    A denoising step allocates and frees the same buffers over and over. By default those are new
    pages each time, which the kernel clears one by one: a third of the time of a model like Stable
    Diffusion 1.5, twice as much in a thread as in the main thread.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not in every C library
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def trim() -> None:
    """Give memory that was freed back to the operating system."""
    trim_ = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim_ is not None:
        trim_(0)


# torch's CPU threads wait for each other by spinning. On a computer that does something else as
# well, the one that is waited for often is not running, and the others burn its time: a picture of
# a second then takes twenty. When they do not spin at all, waking them costs a free computer a
# sixth of its time. So many turns last for the gap between two operations. Read with torch.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
# By default torch reads compiled programs from a folder in /tmp whose name anybody can guess and
# make. Read when parts of torch are imported.
_compiled = Path(platformdirs.user_cache_dir("hotfolder"), "compiled")
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(_compiled))
_allocate_from_one_heap()
# Advice for programmers stays off the screen; failures still raise. Libraries give some of it when
# they are imported: what they lack for other cards, what is deprecated in one another.
os.environ.setdefault("DIFFUSERS_VERBOSITY", "critical")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "critical")
for _library in ("torchao", "bitsandbytes", "torch.utils._pytree"):
    logging.getLogger(_library).setLevel(logging.ERROR)
