"""Starts `hotfolder` processes fast: one process imports everything, and forks one child for each.

Importing torch and diffusers takes seconds; what the tests kill is the daemon behind that. The
child runs the same command line as a process that a person starts, and its local state lies where
that of the test does. Run as a program, this reads lines of JSON (arguments, and variables of the
environment) and answers with the child's process id. Windows cannot fork: there each process is a
whole new one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import hotfolder.render  # noqa: F401 - before torch: it keeps torch's threads from spinning

SLOWEST = 5


class ForkServer:
    """Keeps the parent of all daemons of a test.

    `saves_every_s`: how often a training is saved, in place of its own rhythm.
    """

    def __init__(self, saves_every_s: float | None = None) -> None:
        self._spawned: dict[int, subprocess.Popen[bytes]] = {}
        if sys.platform == "win32":
            return
        self._parent = subprocess.Popen(
            [sys.executable, __file__, *([str(saves_every_s)] if saves_every_s else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert self._line() == "ready"

    def start(self, *arguments: str | Path) -> int:
        """Start `hotfolder` with these arguments; returns its process id."""
        if sys.platform == "win32":
            command = [sys.executable, "-m", "hotfolder", *map(str, arguments)]
            environment = {**os.environ, "PYTHONUTF8": "1"}
            started = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)
            self._spawned[started.pid] = started
            return started.pid
        assert self._parent.stdin is not None
        places = {name: at for name, at in os.environ.items() if name.startswith("XDG_")}
        self._parent.stdin.write(json.dumps([[str(a) for a in arguments], places]) + "\n")
        self._parent.stdin.flush()
        return int(self._line())

    def kill(self, process: int) -> None:
        """SIGKILL, or what Windows has of the kind, and wait until the process is gone."""
        if sys.platform == "win32":
            self._spawned[process].kill()
        else:
            os.kill(process, signal.SIGKILL)
        self.wait(process, 60.0)

    def wait(self, process: int, seconds: float) -> None:
        """Wait until a process has ended; fails after so many seconds."""
        spawned = self._spawned.get(process)
        if spawned is not None:
            spawned.wait(seconds)
        else:
            until(lambda: not _alive(process), seconds)

    def close(self) -> None:
        """End the parent."""
        if sys.platform == "win32":
            return
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(timeout=300)

    def _line(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().strip()


def until(condition: Any, seconds: float) -> None:
    """Wait for what another process or thread surely does in so many seconds, or in `SLOWEST` times
    as many where a slow computer is busy with other things; fails after those.
    """
    assert comes_true(condition, SLOWEST * seconds), f"waited {SLOWEST * seconds:g} s in vain"


def comes_true(condition: Any, seconds: float) -> bool:
    """Wait for something another process does; whether it did within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(0.01)
    return True


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _serve() -> None:
    assert sys.platform != "win32"
    from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline

    import hotfolder.commands.run
    import hotfolder.render.engine  # noqa: F401 - this is what takes long
    from hotfolder.cli import main
    from hotfolder.tuning import school

    assert StableDiffusionPipeline and StableDiffusionImg2ImgPipeline
    if sys.argv[1:]:
        school._SAVES_EVERY_S = float(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended children vanish at once
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            arguments, places = json.loads(line)
            os.environ.update(places)
            os._exit(main(arguments))
        print(child, flush=True)


if __name__ == "__main__":
    _serve()
