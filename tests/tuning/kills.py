"""A training that is killed again and again ends with the same bits: `make tuning`.

    python -m tests.tuning.kills --kills 50

Also measures how soon a picture begins that is picked while it learns.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from hotfolder.studio.layout import Studio
from hotfolder.studio.store import turns
from tests.forkserver import ForkServer, comes_true
from tests.render import tiny
from tests.tuning import studio as studios


def main() -> None:
    """Print what came of it; exit code 1 if bits differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder + "/state"
        os.environ["XDG_CONFIG_HOME"] = folder + "/config"
        studio = studios.made(Path(folder) / "studio", tiny.stable_diffusion(Path(folder) / "sd"))
        server = ForkServer()
        began = time.monotonic()
        _finish(server, studio, given.steps, 1)
        whole_s = time.monotonic() - began
        killed = _killed(server, studio, given, whole_s)
        _finish(server, studio, given.steps, 2)
        first, second = (
            (studio.profiles / f"tiny-tuned-{n}.safetensors").read_bytes() for n in (1, 2)
        )
        print(f"killed {killed} times in trainings of {whole_s:.1f} s; "
              f"{'the same bits' if first == second else 'OTHER BITS'}")  # fmt: skip
        waits = _waits(server, studio)
        print(f"a picked picture begins after {statistics.median(waits) * 1e3:.0f} ms, "
              f"at most {max(waits) * 1e3:.0f} ms")  # fmt: skip
        server.close()
    sys.exit(first != second)


def _killed(server: ForkServer, studio: Studio, given: argparse.Namespace, whole_s: float) -> int:
    chance, killed = random.Random(given.seed), 0
    while killed < given.kills:
        child = server.start("tune", studio.root, "--steps", str(given.steps))
        time.sleep(chance.uniform(0, whole_s * 0.6))
        server.kill(child)
        killed += 1
        if (studio.profiles / "tiny-tuned-2.toml").exists():
            break  # it was done before it was killed
    return killed


def _finish(server: ForkServer, studio: Studio, steps: int, number: int) -> None:
    done = studio.profiles / f"tiny-tuned-{number}.toml"
    if not done.exists():
        server.wait(server.start("tune", studio.root, "--steps", str(steps)), 3600.0)
    assert done.exists(), done


def _waits(server: ForkServer, studio: Studio) -> list[float]:
    """How long finals wait for a training that goes on."""
    child = server.start("tune", studio.root, "--steps", "100000")
    learning = turns.folder() / "learning.lock"
    assert comes_true(learning.exists, 600)
    time.sleep(5)
    waits = []
    for _ in range(20):
        began = time.monotonic()
        with turns.drawing("final", lambda: None):
            waits.append(time.monotonic() - began)
        time.sleep(0.5)
    server.kill(child)
    return waits


if __name__ == "__main__":
    main()
