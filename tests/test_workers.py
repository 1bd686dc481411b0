"""Processes that read what strangers made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from tests.forkserver import until

_PROGRAM = """
import os, time
from hotfolder import workers

if __name__ == "__main__":
    pool = workers.opened(1)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600)
    time.sleep(600)
"""


def test_they_end_with_a_program_that_is_killed(tmp_path: Path) -> None:
    """Else each crash amid a file would leave a process behind, for ever."""
    file = tmp_path / "program.py"
    file.write_text(_PROGRAM)
    program = subprocess.Popen([sys.executable, file], stdout=subprocess.PIPE, text=True)
    assert program.stdout
    worker = psutil.Process(int(program.stdout.readline()))
    assert worker.is_running()
    program.kill()
    program.wait()
    program.stdout.close()
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 60)
