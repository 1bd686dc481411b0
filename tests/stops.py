"""How soon the program ends when it is told to, whatever lies in the studio.

    python -m tests.stops --stops 20 --seed 1

The real program works on a studio of hostile files, large photos and many slow texts, while
somebody attacks it, and gets a SIGTERM at a random moment; then it does the same in an empty
studio, for comparison. Seconds are those of the clock and of the program's processor time from the
signal on: measure on a computer that has nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from PIL import Image

from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from tests.attacker import KINDS
from tests.forkserver import until

ROOT = Path(__file__).parent.parent
HOSTILE = Path(__file__).parent / "data/hostile/files.tar.xz"
MOST_S = 2.0
_PHOTO = 8_000, 6_000
_SLOW_TEXT = "{a|b} (castle:1.2) [fog:0.3] " * 8_000


def fill(studio: Studio) -> None:
    """Files that were made to break things, and such as take long."""
    with tarfile.open(HOSTILE) as archive:
        archive.extractall(studio.root, filter="data")
    for number in range(6):
        colour = number, 90, 60
        Image.new("RGB", _PHOTO, colour).save(studio.seeds / f"photo{number}.jpg")
        (studio.seeds / f"photo{number}.txt").write_text("a castle")
    for number in range(30):
        (studio.inbox / f"slow{number}.txt").write_text(f"{number} {_SLOW_TEXT}")


@contextmanager
def attacked(studio: Studio, home: Path, dice: random.Random) -> Iterator[None]:
    """Meanwhile somebody tries one thing after another."""
    home.mkdir(exist_ok=True)
    over = threading.Event()

    def attack() -> None:
        while not over.wait(0.02):
            with suppress(OSError):
                KINDS[dice.choice(sorted(KINDS))](studio, home, dice)

    thread = threading.Thread(target=attack)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def stopped(studio: Studio, log: Path, dice: random.Random) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, from the signal to the program's end."""
    command = [sys.executable, "-P", "-m", "hotfolder", "run", str(studio.root)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        until(lambda: log.stat().st_size > 0, 120)
        time.sleep(dice.random() * 6)
        before = psutil.Process(process.pid).cpu_times()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, status, used = os.wait4(process.pid, 0)
        took_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (128 + signal.SIGTERM, -signal.SIGTERM):  # -: not yet at work
        raise SystemExit(f"it ended with {process.returncode}:\n{log.read_text()[-2000:]}")
    children_s = before.children_user + before.children_system
    return took_s, used.ru_utime + used.ru_stime - before.user - before.system - children_s


def main() -> int:
    """Stop it so many times; 1 if it once took longer than two seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worst = 0.0
    for kind in ("hostile", "empty"):
        taken = []
        for number in range(options.stops):
            dice = random.Random(f"{options.seed} {number}")
            with tempfile.TemporaryDirectory() as folder:
                base = Path(folder)
                os.environ |= {"XDG_STATE_HOME": f"{base}/state", "XDG_CONFIG_HOME": f"{base}/own"}
                studio, _ = create(base / "studio")
                if kind == "empty":
                    taken.append(stopped(studio, base / "log", dice))
                else:
                    fill(studio)
                    with attacked(studio, base / "home", dice):
                        taken.append(stopped(studio, base / "log", dice))
        clock, processor = (sorted(times) for times in zip(*taken, strict=True))
        print(
            f"{kind}: {len(taken)} stops, by the clock {clock[len(clock) // 2]:.2f} s as a rule, "
            f"{clock[-1]:.2f} s at most; of the processor {processor[-1]:.2f} s at most",
            flush=True,
        )
        worst = max(worst, clock[-1]) if kind == "hostile" else worst
    return int(worst > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
