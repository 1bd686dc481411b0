"""How memory is allocated on a CPU."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_TOUCHES = """\
import resource, threading
import hotfolder.daemon  # what the daemon imports before it begins any thread
import torch

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def step():
    return [torch.ones(8, 2**20) for _ in range(4)]  # 32 MiB each

def steps():
    for _ in range(10):
        step()  # the heap grows
    before = faults()
    for _ in range(20):
        step()
    print(faults() - before)

steps()
thread = threading.Thread(target=steps)
thread.start()
thread.join()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
def test_freed_memory_is_used_again() -> None:
    """Steps that allocate the same buffers get the same pages, in the main thread and in others."""
    command = [sys.executable, "-c", _TOUCHES]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    pages = 20 * 4 * 2**25 // 4096
    assert [int(faults) < pages / 20 for faults in said] == [True, True]
