"""What one daemon needs for many workers, and what several workers gain.

    python -m benchmarks.machines fed [--workers 1 10 100 1000] [--pictures 2000] [--rate 200]
    python -m benchmarks.machines drafts [--pictures 40]
    python -m benchmarks.machines picks

`fed`: how much processor time the daemon takes for each picture while so many workers are busy,
which paint in microseconds and then wait as long as a picture takes. All of it counts: reading
prompts, planning, encoding, hashing, writing, the ledger. Pictures are small, for what encoding
takes grows with their pixels.

`drafts`: drafts a second of a Ray cluster of one worker, then of two, each with one thread on a
core of its own. `picks`: how long a picked picture waits in a cluster of two workers, busy with
drafts of a step every 200 ms. Both start raylets here, and the first needs a quiet computer.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from campaigns.kit import daemons, painter, people
from campaigns.kit.raylets import Raylets
from hotfolder.daemon import Daemon, Until
from hotfolder.executors.orders import (
    Cancel,
    Cancelled,
    Done,
    OnReport,
    Order,
    Raster,
    Report,
    Task,
)
from hotfolder.executors.ray.executor import Cluster
from hotfolder.recipes.settings import ExecutorChoice
from hotfolder.render.rendered import Facts, Rendered
from hotfolder.studio.create import create
from hotfolder.studio.layout import find
from hotfolder.studio.store import status_file

if TYPE_CHECKING:
    from PIL.Image import Image

PROMPTS = 20
STEP_S = 0.2
PICKS = 20
TRACE = "HOTFOLDER_BENCHMARK_TRACE"


class Simulated:
    """An executor of so many slots, on each of which a picture takes `picture_s`."""

    def __init__(self, slots: int, picture_s: float, on_report: OnReport) -> None:
        self.slots = slots
        self.marks: list[tuple[float, float]] = []  # processor and wall time as each was made
        self.painting_s = 0.0
        self._picture_s = picture_s
        self._on_report = on_report
        self._due: list[tuple[float, int, Task]] = []
        self._news = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._paint, daemon=True)
        self._thread.start()

    def give(self, slot: int, order: Order) -> None:
        """Note when a task will be done, or that it is not wanted."""
        with self._news:
            if isinstance(order, Task):
                due = time.monotonic() + self._picture_s * len(order.pictures)
                heapq.heappush(self._due, (due, order.number, order))
            elif isinstance(order, Cancel):
                for _, number, task in self._due:
                    if number == order.task:
                        self._due = [one for one in self._due if one[1] != number]
                        heapq.heapify(self._due)
                        for attempt in task.pictures:
                            self._on_report(Cancelled(attempt))
                        break
            self._news.notify()

    def close(self) -> None:
        """End the thread."""
        with self._news:
            self._over = True
            self._news.notify()
        self._thread.join()

    def _paint(self) -> None:
        while True:
            with self._news:
                while not self._over and (not self._due or self._due[0][0] > time.monotonic()):
                    left = self._due[0][0] - time.monotonic() if self._due else None
                    self._news.wait(left)
                if self._over:
                    return
                _, _, task = heapq.heappop(self._due)
            for attempt, recipe in task.pictures.items():
                began = time.thread_time()
                image = painter.paint(recipe.id, *recipe.canvas)
                raster = Raster(image.width, image.height, image.tobytes())
                facts = Facts(self._picture_s, recipe.steps, "none", "none", 0, {}, "", "", {})
                self.painting_s += time.thread_time() - began
                self.marks.append((time.process_time() - self.painting_s, time.monotonic()))
                self._on_report(Done(attempt, raster, asdict(facts)))


def fed(workers: int, pictures: int, rate: float, folder: Path) -> None:
    """Print what a daemon took for so many pictures, asked for at `rate` a second."""
    place = people.studio(folder)
    (place.root / "profiles/quick.toml").write_text(
        'extends = "postcard"\nsteps = 2\n[draft]\narea = "64x64"\naspect = "1:1"\n'
        f"count = {-(-pictures // PROMPTS)}\n"
    )
    for number in range(PROMPTS):
        (place.root / "inbox" / f"{number}.txt").write_text(f"a castle number {number}\n")
    made: list[Simulated] = []

    def opened(_settings: object, _base: Path, on_report: OnReport) -> Simulated:
        made.append(Simulated(workers, workers / rate, on_report))
        return made[0]

    daemon = Daemon(find(place.root), executor=opened)
    daemon.run(Until(idle=True))
    daemon.close()
    found = len(list((place.root / "drafts").glob("*.png")))
    first, last = made[0].marks[found // 10], made[0].marks[-1]  # without start and end
    cpu, wall = ((b - a) / (found - found // 10) for a, b in zip(first, last, strict=True))
    print(f"{workers:5} workers: {found} pictures, {1 / wall:.0f} a second; "
          f"{1e3 * cpu:.2f} ms of processor each", flush=True)  # fmt: skip


def drafts(pictures: int, folder: Path) -> None:
    """Print what a second worker gains."""
    raylets, rates = Raylets(), []
    try:
        for core, add in enumerate((raylets.start_head, raylets.add)):
            os.sched_setaffinity(0, {core})  # the node's processes inherit it
            add()
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
            os.environ.update(raylets.environment())
            studio, _ = create(folder / f"studio {core}")
            (studio.inbox / "a.txt").write_text(f"count: {pictures}\n\na castle by the sea\n")
            marks: list[float] = []

            def opened(
                _settings: object, base: Path, on_report: OnReport, marks: list[float] = marks
            ) -> Cluster:
                def heard(report: Report) -> None:
                    if isinstance(report, Done):
                        marks.append(time.monotonic())
                    on_report(report)

                return Cluster(ExecutorChoice("ray", raylets.address), base, heard)

            daemon = Daemon(studio, executor=opened)
            daemon.run(Until(idle=True))
            daemon.close()
            few = pictures // 4  # until both have the model
            rates.append((pictures - 1 - few) / (marks[-1] - marks[few]))
            print(f"{core + 1} workers: {rates[-1]:.3f} drafts a second", flush=True)
    finally:
        raylets.close()
    print(f"two workers make {rates[1] / (2 * rates[0]):.3f} of twice what one makes")


class Stepping(painter.Painter):
    """Paints in steps of `STEP_S`, and notes when a final begins."""

    def render_batch(
        self,
        recipes: Sequence[Any],
        source: Image | None,
        on_step: painter.OnStep,
        resume: Path | None = None,
    ) -> dict[int, Rendered]:
        """The noise that belongs to each recipe, after its steps."""
        if source is not None:
            with Path(os.environ[TRACE]).open("a") as trace:
                trace.write(f"{time.monotonic()}\n")

        def after(step: int, steps: int) -> None:
            time.sleep(STEP_S)
            on_step(step, steps)

        return super().render_batch(recipes, source, after, resume)


def stepping(models: Mapping[str, Any], base: Path, device: str) -> Stepping:
    """What a worker of the cluster paints with."""
    return Stepping(models)


def picks(folder: Path) -> None:
    """Print how long picks wait until their final begins."""
    trace = folder / "trace"
    trace.touch()
    os.environ[TRACE] = str(trace)
    place = people.studio(folder)
    (place.root / "profiles/quick.toml").write_text(
        'extends = "postcard"\nsteps = 10\n[draft]\narea = "64x64"\ncount = 1000\n'
        '[refine]\narea = "80x80"\ncount = 1\nsteps = 2\n'
    )
    (place.root / "inbox/a.txt").write_text("a castle\n")
    raylets, waits = Raylets(), []
    try:
        raylets.start_head()
        raylets.add()
        os.environ.update(raylets.environment())

        def opened(_settings: object, base: Path, on_report: OnReport) -> Cluster:
            choice = ExecutorChoice("ray", raylets.address)
            return Cluster(choice, base, on_report, "benchmarks.machines:stepping")

        daemon = Daemon(find(place.root), executor=opened)
        thread = threading.Thread(target=daemon.run, args=[Until()])
        thread.start()
        lying = lambda: sorted((place.root / "drafts").glob("*.png"))  # noqa: E731
        daemons.until(lambda: len(status_file.read(place.root).renders) == 2, 600)
        for number in range(PICKS):
            daemons.until(lambda: bool(lying()), 600)
            time.sleep(random.uniform(0.5, 1.5))
            draft, began = lying()[0], time.monotonic()
            draft.rename(place.root / "seeds" / draft.name)
            count = number + 1
            daemons.until(lambda c=count: len(trace.read_text().splitlines()) >= c, 600)
            waits.append(float(trace.read_text().splitlines()[number]) - began)
        daemon.stop()
        thread.join()
        daemon.close()
    finally:
        raylets.close()
    print(f"{PICKS} picks: a final begins after {statistics.median(waits) * 1e3:.0f} ms, at most "
          f"{max(waits) * 1e3:.0f} ms; asked: {STEP_S * 1e3 + 100:.0f} ms")  # fmt: skip


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("fed", "drafts", "picks"))
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--pictures", type=int)
    parser.add_argument("--rate", type=float, default=200.0, help="pictures a second of all")
    given = parser.parse_args()
    for workers in given.workers if given.what == "fed" else (0,):
        with (
            tempfile.TemporaryDirectory() as name,
            mock.patch.dict(os.environ, XDG_STATE_HOME=f"{name}/state"),
        ):
            if given.what == "fed":
                fed(workers, given.pictures or 2000, given.rate, Path(name))
            elif given.what == "drafts":
                drafts(given.pictures or 40, Path(name))
            else:
                picks(Path(name))


if __name__ == "__main__":
    main()
