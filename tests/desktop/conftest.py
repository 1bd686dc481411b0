"""A studio whose daemon is at work, and a screen on which people look at its drafts.

`make test-desktop` runs what is here: `live_*.py`, which pytest does not collect by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.desktop.screen import Screen
from tests.forkserver import ForkServer, comes_true
from tests.test_stars import Sorting, at_work

ROOT = Path(__file__).parent.parent.parent
SHOTS = ROOT / ".desktop"
SHEET, SIDE_PX = ROOT / "docs" / "postcard.png", 196
FIGURES: list[str] = []


class Desk:
    """A screen, and a studio whose daemon is at work."""

    def __init__(self, screen: Screen, sorting: Sorting, name: str) -> None:
        self.screen = screen
        self.studio = sorting.studio
        self._sorting = sorting
        self._name = name
        self._shots = 0

    def drafts(self, *kinds: str) -> list[Path]:
        """New drafts of these kinds: pieces of a sheet of pictures that the small model made."""
        drafts = [self._sorting.draft(kind) for kind in kinds]
        with Image.open(SHEET) as sheet:
            for number, draft in enumerate(drafts):
                place = (SIDE_PX * number, 0, SIDE_PX * (number + 1), SIDE_PX)
                sheet.crop(place).save(draft)
        return drafts

    def picked(self, how: str, *drafts: Path) -> bool:
        """Whether drafts come to lie in `seeds/`; keeps a picture of the screen, and the time."""
        began = time.monotonic()
        seeds = [self.studio.seeds / draft.name for draft in drafts]
        picked = all(comes_true(seed.exists, 40) for seed in seeds)
        self.shot()
        took = time.monotonic() - began
        kinds = ", ".join(sorted({draft.suffix[1:] for draft in drafts}))
        there = sum(seed.exists() for seed in seeds)
        FIGURES.append(f"{how} ({kinds}): {there} in seeds/ after {took:.1f} s")
        return picked

    def shot(self) -> None:
        """Keep a picture of the screen."""
        SHOTS.mkdir(exist_ok=True)
        self._shots += 1
        self.screen.shot(SHOTS / f"{self._name}-{self._shots}.png")


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """A virtual screen for the programs of a module."""
    made = Screen(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture
def desk(
    screen: Screen, forkserver: ForkServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Desk]:
    """A new studio on the screen; its programs end with the test."""
    with at_work(forkserver, tmp_path / "studio") as sorting:
        yield Desk(
            screen, sorting, f"{request.module.__name__.rpartition('_')[2]}-{request.node.name}"
        )
    screen.close_programs()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was seen."""
    terminalreporter.section("seen")
    for line in FIGURES:
        terminalreporter.write_line(line)
