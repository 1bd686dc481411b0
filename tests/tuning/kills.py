"""Trainings that are killed again and again end with the same bits: `make tuning`.

    python -m tests.tuning.kills --kills 50

They are saved every moment, so that kills hit all of it. Also measures how soon pictures begin that
a daemon is to draw while it learns.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
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
SAVES_EVERY_S = 0.1


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
        server = ForkServer(SAVES_EVERY_S)
        began = time.monotonic()
        _finish(server, studio, given.steps, 1)
        whole_s = time.monotonic() - began
        last = _killed(server, studio, given, whole_s)
        made = [studio.profiles / f"tiny-tuned-{n + 1}.safetensors" for n in range(last)]
        bits = {file.read_bytes() for file in made}
        print(f"killed {given.kills} times in {last - 1} trainings of {whole_s:.1f} s; "
              f"{'the same bits' if len(bits) == 1 else 'OTHER BITS'}", flush=True)  # fmt: skip
        waits = _waits(server, studio)
        server.close()
        steps = _steps(studio)
        for name, some in (("a picked picture waits", waits), ("a step takes", steps)):
            print(f"{name} {statistics.median(some) * 1e3:.0f} ms, "
                  f"at most {max(some) * 1e3:.0f} ms")  # fmt: skip
    sys.exit(len(bits) != 1)


def _killed(server: ForkServer, studio: Studio, given: argparse.Namespace, whole_s: float) -> int:
    """Kill trainings of the same pictures, one after the other; the number of the last."""
    chance, number = random.Random(given.seed), 2
    for _ in range(given.kills):
        child = server.start("tune", studio.root, "--steps", str(given.steps))
        time.sleep(chance.uniform(0, whole_s * 0.6))
        server.kill(child)
        number += _is_done(studio, number)
    _finish(server, studio, given.steps, number)
    return number


def _is_done(studio: Studio, number: int) -> bool:
    return (studio.profiles / f"tiny-tuned-{number}.toml").exists()


def _finish(server: ForkServer, studio: Studio, steps: int, number: int) -> None:
    for _ in range(2):  # the first may find one that was killed when it was done, and end that
        if not _is_done(studio, number):
            server.wait(server.start("tune", studio.root, "--steps", str(steps)), 3600.0)
    assert _is_done(studio, number), number


def _waits(server: ForkServer, studio: Studio) -> list[float]:
    """How long a daemon's finals wait for a training that goes on, in seconds."""
    state = tuned.place(studio, "tiny") / "material.safetensors"
    shutil.rmtree(state.parent, ignore_errors=True)  # of one that was killed when it was done
    child = server.start("tune", studio.root, "--steps", "100000")
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
