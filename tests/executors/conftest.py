"""Every executor that the contract holds for, opened as a daemon opens it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import msgspec
import pytest

from hotfolder.executors.opening import open_executor
from hotfolder.executors.orders import (
    Executor,
    Joined,
    Left,
    Order,
    Outcome,
    Raster,
    Report,
    Staff,
    Stepped,
    Task,
)
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.settings import LOCAL, Settings
from hotfolder.renders import OpenExecutor
from hotfolder.taste.rule import Rule

MODELS = {"postcard": Model(source="shipped:postcard", multiple=16)}
DRAFT = Recipe(
    prompt="a castle",
    seed=7,
    width=64,
    height=48,
    multiple=16,
    model="postcard",
    scheduler="DPM++ 2M SDE",
    steps=12,
    guidance_scale=3.0,
)
SOURCE = Raster(64, 48, bytes(range(256)) * 36)
FINAL = msgspec.structs.replace(
    DRAFT, seed=8, strength=0.5, source=Pixels(sha256="0" * 64, width=64, height=48)
)
PATIENCE_S = 240


class Ear:
    """An executor, and what was heard of it; `slots` are those that are there, in their order."""

    def __init__(
        self, settings: Settings, base: Path, opened: OpenExecutor = open_executor
    ) -> None:
        self.keeps_states = settings.executor == LOCAL
        self._reports: SimpleQueue[Report] = SimpleQueue()
        self._numbers = itertools.count()
        self.slots: list[int] = []
        self.staff: list[Staff] = []
        self.executor: Executor = opened(settings, base, self._reports.put)
        self.slots += range(self.executor.slots)

    def give(self, order: Order, slot: int = 0) -> None:
        """Pass an order on to one of the slots that are there."""
        self.executor.give(self.slots[slot], order)

    def wait_for(self, until: Callable[[], bool]) -> None:
        """Listen to who comes and goes until something holds."""
        while not until():
            self._listen()

    def begin(self, recipe: Recipe, slot: int = 0, source: Raster = SOURCE) -> int:
        """Give a task of one picture; returns its number."""
        return self.begin_all([recipe], slot, source=source)[0]

    def begin_all(
        self, recipes: list[Recipe], slot: int = 0, states: str = "", source: Raster = SOURCE
    ) -> list[int]:
        """Give a task of these pictures; returns their numbers, the first of which is its own."""
        numbers = [next(self._numbers) for _ in recipes]
        shown = source if recipes[0].source else None
        self.give(Task(dict(zip(numbers, recipes, strict=True)), MODELS, shown, states), slot)
        return numbers

    def begin_by(self, rule: Rule, recipe: Recipe) -> int:
        """Give a task of one picture that may be given up; returns its number."""
        number = next(self._numbers)
        self.give(Task({number: recipe}, MODELS, rule=rule))
        return number

    def show(self, recipe: Recipe) -> int:
        """Give a task of a picture that is only shown to a model; returns its number."""
        number = next(self._numbers)
        self.give(Task({number: recipe}, MODELS, SOURCE, encodes=True))
        return number

    def heard(self, until: Callable[[Report], bool]) -> list[Report]:
        """The reports up to and including the first that `until` holds for."""
        reports: list[Report] = []
        while not reports or not until(reports[-1]):
            reports += self._listen()
        return reports

    def _listen(self) -> list[Report]:
        """The next report, unless it is of who comes and goes."""
        report = self._reports.get(timeout=PATIENCE_S)
        if not isinstance(report, Staff):
            return [report]
        self.staff.append(report)
        if isinstance(report, Joined):
            self.slots.append(report.slot)
        elif isinstance(report, Left):
            self.slots.remove(report.slot)
        return []

    def outcome(self, number: int) -> Report:
        """How a task ended; what was heard before is forgotten."""
        return self.heard(ended(number))[-1]


def ended(number: int) -> Callable[[Report], bool]:
    """Holds for the last report of a picture."""
    return lambda report: isinstance(report, Outcome) and report.attempt == number


def stepped(number: int) -> Callable[[Report], bool]:
    """Holds for each step of a task."""
    return lambda report: isinstance(report, Stepped) and report.task == number


KINDS = {"inside": Settings(devices="cpu"), "processes": Settings(devices=["cpu", "cpu"])}


@pytest.fixture(scope="module", params=KINDS)
def ear(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ear]:
    """One executor of each kind for all tests of a module."""
    opened = Ear(KINDS[request.param], tmp_path_factory.mktemp("studio"))
    yield opened
    opened.executor.close()
