"""A hundred thousand drafts on the light table: `make test-browser`. Minutes, and 2 GB of links."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from hotfolder.light.portrait import Portrait, Trouble, portray
from hotfolder.light.serving import Place, served
from hotfolder.light.table import Table
from hotfolder.light.views import Question, answer, packed
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from tests.forkserver import until
from tests.light.conftest import opened
from tests.light.pictures import SUBJECTS, fill

MANY = int(os.environ.get("HOTFOLDER_MANY", "100000"))
UNIQUE = 2000
SCROLLS_S = float(os.environ.get("HOTFOLDER_SCROLL_S", "600"))

# Jumps about as somebody does who drags the scrollbar, and notes how long a cell in sight is blank.
SCROLL = """async (seconds) => {
  const grid = document.getElementById("grid");
  const end = performance.now() + seconds * 1000;
  const waits = [];
  const since = new Map();
  let most = 0;
  let at = 0;
  let next = 0;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    if (now >= next) {
      at += (Math.random() - 0.3) * 2500;
      if (Math.random() < 0.05) at = Math.random() * grid.scrollHeight;
      at = Math.min(Math.max(0, at), grid.scrollHeight);
      grid.scrollTop = at;
      next = now + 100;
    }
    const box = grid.getBoundingClientRect();
    const cells = document.querySelectorAll(".cell");
    most = Math.max(most, cells.length);
    const there = new Set();
    for (const cell of cells) {
      const place = cell.getBoundingClientRect();
      if (place.bottom < box.top || place.top > box.bottom) continue;
      there.add(cell.id);
      if (cell.classList.contains("ready")) {
        if (since.get(cell.id)) waits.push(now - since.get(cell.id));
        since.set(cell.id, 0);
      } else if (!since.has(cell.id)) since.set(cell.id, now);
    }
    for (const [id, from] of since) if (!there.has(id)) {
      if (from) waits.push(now - from);
      since.delete(id);
    }
  }
  waits.sort((a, b) => a - b);
  const part = (p) => waits[Math.floor(waits.length * p)] ?? 0;
  const longest = waits.at(-1) ?? 0;
  return { cells: most, waits: waits.length, median: part(0.5), p99: part(0.99), longest };
}"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A studio of very many drafts: links to two thousand that differ."""
    root = tmp_path_factory.mktemp("many") / "studio"
    studio, _ = create(root)
    fill(root / "unique", range(UNIQUE))
    unique = sorted((root / "unique").iterdir())
    for number in range(MANY):
        name = f"{SUBJECTS[number % 4].replace(' ', '-')}-{number:06d}.png"
        os.link(unique[number % UNIQUE], studio.drafts / name)
    return studio


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Local state and cache that last for all of this."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(autouse=True)
def kept(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second start finds what the first one made."""
    monkeypatch.setenv("XDG_STATE_HOME", str(state / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(state / "cache"))


@pytest.fixture
def table(many: Studio) -> Iterator[Table]:
    """Their light table."""
    made = Table(many)
    yield made
    made.close()


@pytest.fixture
def known(table: Table) -> Table:
    """Their light table with all thumbnails made: a portrait serves all links to its picture."""
    until(lambda: table.catalogue.rows("SELECT COUNT(*) FROM picture") == [(MANY,)], 600)
    root = str(table.studio.root)
    found: dict[int, Portrait] = {}
    wanted: dict[int, Portrait | Trouble] = {}
    for id_, path, version in table.catalogue.rows("SELECT id, path, version FROM picture"):
        number = int(path[-10:-4]) % UNIQUE
        if number not in found:
            made = portray(root, path)
            assert isinstance(made, Portrait)
            found[number] = made
            table.cache.put([made])
        if not version:
            wanted[id_] = found[number]
    table.catalogue.describe(wanted)
    return table


def test_thumbnails_are_made_fast(table: Table, many: Studio) -> None:
    """At least 100 pictures of 256x256 a second of a processor, whatever else the machine does."""
    began = time.monotonic()
    until(lambda: table.catalogue.rows("SELECT COUNT(*) FROM picture") == [(MANY,)], 600)
    print(f"\nlisted after {time.monotonic() - began:.2f} s")
    count = "SELECT COUNT(*) FROM picture WHERE version > 0"

    def made() -> int:
        return int(table.catalogue.rows(count)[0][0])

    until(lambda: made() > 100, 600)  # the workers have begun
    first, spent = made(), workers_s()
    until(lambda: made() > first + 2000, 600)
    rate = (made() - first) / (workers_s() - spent)
    print(f"{rate:.0f} thumbnails a second of a processor, load {os.getloadavg()[0]:.1f}")
    assert rate > 100


def workers_s() -> float:
    """Seconds of processors that worker processes have had so far."""
    found = 0.0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "python" in child.name():
                found += sum(child.cpu_times()[:2])
    return found


def test_questions_are_answered_fast(known: Table) -> None:
    """The order of all pictures, as bytes for the browser."""
    for question in (
        Question(),
        Question(words="castle -misty", unseen=True),
        Question(stacks=True),
    ):
        began = time.perf_counter()
        rows = answer(known.catalogue, question)
        data = packed(rows)
        took = time.perf_counter() - began
        print(f"\n{len(rows):,} pictures, {len(data):,} bytes in {took * 1000:.0f} ms")


def test_very_many_in_a_browser(browser: Any, known: Table, place: Place) -> None:
    """First paint within a second, few cells, none blank for long, memory flat."""
    server = psutil.Process()
    with served(known, place):
        began = time.perf_counter()
        view = opened(browser, place.address(known.sessions.key()))
        with view as page:
            first = (time.perf_counter() - began) * 1000
            paint = page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            )
            print(f"\nfirst paint {paint:.0f} ms, first pictures {first:.0f} ms")
            session = page.context.new_cdp_session(page)

            def browser_mb() -> float:
                session.send("HeapProfiler.collectGarbage")
                return float(page.evaluate("performance.memory.usedJSHeapSize") / 1e6)

            page.evaluate(SCROLL, min(20, SCROLLS_S))
            memory = [(browser_mb(), server.memory_info().rss / 1e6)]
            found: list[dict[str, float]] = []
            for _ in range(5):
                found.append(page.evaluate(SCROLL, SCROLLS_S / 5))
                memory.append((browser_mb(), server.memory_info().rss / 1e6))
            print(json.dumps(found, indent=1))
            print("MB of browser and server:", [(round(a), round(b)) for a, b in memory])
            assert max(one["cells"] for one in found) <= 300
            assert paint < 1000
            assert (
                memory[-1][0] < memory[0][0] * 1.3 + 10 and memory[-1][1] < memory[0][1] * 1.1 + 20
            )
            assert max(one["longest"] for one in found) < 300


def test_choosing_among_very_many(browser: Any, known: Table, place: Place) -> None:
    """Marks and their undoing are as quick as with few."""
    with served(known, place), opened(browser, place.address(known.sessions.key())) as page:
        rand = random.Random(1)
        page.keyboard.press("ArrowRight")
        took = []
        for _ in range(20):
            began = time.perf_counter()
            page.keyboard.press(rand.choice(["p", "3", "u", "ArrowDown", "Control+z"]))
            page.evaluate("new Promise(requestAnimationFrame)")
            took.append(time.perf_counter() - began)
            page.evaluate("light.table.settled()")
        print(
            f"\na key shows after {sorted(took)[10] * 1000:.0f} ms, at most {max(took) * 1000:.0f}"
        )
