"""What looking and planning cost with many files in the folders.

    python benchmarks/loop.py

A turn of the daemon's loop is timed in studios of 10,000 and 100,000 drafts. What rendering costs
is in `engine.py`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from hotfolder.plan import plan
from hotfolder.studio.create import create
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.store.ledger import Ledger


def crowd(count: int) -> None:
    """Print what looks and plans cost in a studio with this many drafts."""
    with tempfile.TemporaryDirectory() as name:
        studio, _ = create(Path(name) / "studio")
        studio.settings.write_text("settle_seconds = 0.05\npause_endless_at = 1000000\n")
        pattern = next(p for p in _pictures() if p.is_file())
        for number in range(count):
            path = studio.drafts / f"{number}.png"
            if number % 1000 == 0:
                shutil.copyfile(pattern, path)
                base = path
            else:
                os.link(base, path)
        (studio.inbox / "more.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
        scanner, ledger = Scanner(studio), Ledger(studio)
        first = _timed(scanner.refresh)
        began, slices = time.perf_counter(), []
        while scanner.due_in_s() is not None:
            slices.append(_timed(lambda: scanner.refresh(set())))
        reading = time.perf_counter() - began

        def turn() -> None:
            scanner.refresh(set())
            next(plan(scanner.snapshot(), ledger.history, scanner.config), None)

        quiet = [_timed(turn) for _ in range(50)]
        news = []
        for number in range(50):
            (studio.drafts / f"new {number}.png").write_bytes(pattern.read_bytes())
            news.append(_timed(lambda n=number: scanner.refresh({f"drafts/new {n}.png"}) or turn()))
        parts, done = [], False
        while not done:
            began = time.perf_counter()
            done = scanner.look_on()
            parts.append(time.perf_counter() - began)
        print(f"{count:,} drafts: first look {first * 1e3:.0f} ms")
        print(f"    all read for stars in {reading:.1f} s, {_spread(slices)} at a time")
        print(f"    a turn of the loop {_spread(quiet)}; with a new file {_spread(news)}")
        print(f"    a round through all in {sum(parts) * 1e3:.0f} ms, {_spread(parts)} at a time")


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:.2f} ms (worst {max(seconds) * 1e3:.1f})"


def _pictures() -> list[Path]:
    return sorted((Path(__file__).parent.parent / "tests/data/layout").glob("*.png"))


def _timed(call: object) -> float:
    began = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - began


if __name__ == "__main__":
    for many in (10_000, 100_000):
        crowd(many)
