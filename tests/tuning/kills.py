"""A training that is killed again and again ends with the same bits: `make tuning`.

    python -m tests.tuning.kills --kills 50

Also measures how soon pictures begin that a daemon is to draw while it learns.
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

from hotfolder.render import environment
from hotfolder.studio.config import load
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import tuned, turns
from hotfolder.tuning import checkpoint, material, school
from tests.forkserver import ForkServer, comes_true
from tests.render import tiny
from tests.tuning import studio as studios

FINALS = 20


def main() -> None:
    """Print what came of it; exit code 1 if bits differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    studios.PLACES = ("castle",)  # no prompt can be held out: what the last step has counts
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
        server.close()
        steps = _steps(studio)
        for name, some in (("a picked picture waits", waits), ("a step takes", steps)):
            print(f"{name} {statistics.median(some) * 1e3:.0f} ms, "
                  f"at most {max(some) * 1e3:.0f} ms")  # fmt: skip
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
    """How long a daemon's finals wait for a training that goes on, in seconds."""
    child = server.start("tune", studio.root, "--steps", "100000")
    state = tuned.place(studio, "tiny") / "material.safetensors"
    assert comes_true(state.exists, 600)
    daemon = server.start("run", studio.root)
    wanted: dict[str, float] = {}
    waits: dict[str, float] = {}
    end = time.monotonic() + 600
    while len(waits) < FINALS and time.monotonic() < end:
        for path in turns.folder().iterdir():
            process, number, what = (*path.name.split("-", 2), "", "")[:3]
            picture = f"{process}-{number}"
            if what == "wants-final.lock":
                wanted.setdefault(picture, time.monotonic())
            elif what == "draws.lock" and picture in wanted:
                waits.setdefault(picture, time.monotonic() - wanted[picture])
        time.sleep(0.001)
    server.kill(daemon)
    server.kill(child)
    assert len(waits) >= FINALS, "the daemon drew too few pictures"
    return list(waits.values())


def _steps(studio: Studio) -> list[float]:
    """How long steps of that training take by themselves, in seconds."""
    place = tuned.place(studio, "tiny")
    begun = checkpoint.begun(place)
    assert begun is not None
    rows = material.kept(place / "material.safetensors", [one.example for one in begun.pictures])
    model = load.read_config(studio).profile("tiny").model
    pipe = school.load(model, studio.root, "cpu", begun.pictures[0].recipe).pipe
    made = school.prepare(pipe, begun, rows or [], "cpu")
    environment.set_threads(begun.course.threads)
    taken = []
    for _ in range(FINALS):
        began = time.monotonic()
        made.go()
        taken.append(time.monotonic() - began)
    return taken


if __name__ == "__main__":
    main()
