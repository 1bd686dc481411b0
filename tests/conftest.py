"""What tests share: studios in temporary folders, and the command line run for real."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import trust
from tests.forkserver import ForkServer
from tests.windows import left_out

os.environ["HF_HUB_OFFLINE"] = "1"  # the hub's library reads it when it is imported

# What a test sees is in the system's memory: waiting for the disk would double the suite's time.
os.fsync = lambda descriptor: None

# A busy machine must not fail a property, and each run tries the same examples; `make fuzz` and
# `make strangers` try new ones.
hypothesis.settings.register_profile("patient", deadline=None, derandomize=True)
hypothesis.settings.load_profile("patient")

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


_SLOW_ROOMS = ("render", "executors", "gallery", "light", "training", "desktop")
_SLOW_FILES = {
    "test_attacks",
    "test_bounded_toml",
    "test_campaigns",
    "test_command",
    "test_cron",
    "test_docs",
    "test_downloads",
    "test_examples",
    "test_flow",
    "test_fuzz",
    "test_golden",
    "test_hardship",
    "test_learning",
    "test_lost_and_found",
    "test_mistakes",
    "test_models_add",
    "test_newcomers",
    "test_no_stars",
    "test_odd_names",
    "test_passed_over",
    "test_ranking",
    "test_regenerate",
    "test_regeneration",
    "test_retouch",
    "test_slow_pictures",
    "test_snippets",
    "test_start",
    "test_strangers",
    "test_survival",
    "test_syntax_flow",
    "test_systems",
    "test_whole_folders",
    "test_words",
}
_SLOW_FIXTURES = {"browser", "forkserver", "hotfolder", "engine", "tool"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make test-quick` does not even import what is all slow: torch alone takes seconds."""
    if config.option.markexpr != "not slow":
        return None
    room = collection_path.relative_to(ROOT).parts[1:2]
    return True if {*room} & {*_SLOW_ROOMS} or collection_path.stem in _SLOW_FILES else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what renders, measures, drives a browser or starts processes: `make test-quick`.

    Files with such tests come first, so that in the end no process works on a long one alone.
    """
    for item in items:
        room = item.path.relative_to(ROOT / "tests").parts[0]
        fixtures = set(getattr(item, "fixturenames", ()))
        is_slow = room in _SLOW_ROOMS or item.path.stem in _SLOW_FILES or "linear_time" in item.name
        if is_slow or fixtures & _SLOW_FIXTURES:
            item.add_marker("slow")
        if sys.platform == "win32" and (why := left_out.why(item)):
            item.add_marker(pytest.mark.skip(reason=why))
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _is_quick(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that renders is no quick one: the first that does so by mistake is found out."""
    before = "torch" in sys.modules
    yield
    if request.config.option.markexpr == "not slow" and not before and "torch" in sys.modules:
        pytest.fail("it renders, or imports torch for something else: mark it as slow")


@contextmanager
def _elsewhere(folders: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Local state and the owner's own settings lie in new folders, not at home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", state := str(folders.mktemp("state")))
        patch.setenv("XDG_CONFIG_HOME", str(folders.mktemp("config")))
        patch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", state)  # both of them, on Windows
        yield patch


@pytest.fixture(scope="session", autouse=True)
def _not_at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also for what modules and whole sessions share, which begins before any test does."""
    with _elsewhere(tmp_path_factory):
        yield


@pytest.fixture(autouse=True)
def _local_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Locks, logs, caches and journals of a test lie in a folder of its own, from end to end.

    What it changes of these variables ends with it.
    """
    with _elsewhere(tmp_path_factory) as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("PYTHONSAFEPATH", "")  # hotfolder sets it for the processes that it starts
        yield


def _draw_alike(name: str) -> None:
    random.seed(name)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big"))


@pytest.fixture(scope="module", autouse=True)
def _a_module_draws_alike(request: pytest.FixtureRequest) -> None:
    """What its fixtures draw by chance does not follow from the tests before it."""
    _draw_alike(request.node.nodeid)


@pytest.fixture(autouse=True)
def _a_test_draws_alike(request: pytest.FixtureRequest) -> None:
    """What it draws by chance does not follow from the tests before it, in whatever order."""
    _draw_alike(request.node.nodeid)


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Where a command that ran in this process wrote its log is left with the test."""
    before, level = list(logging.root.handlers), logging.root.level
    yield
    logging.root.setLevel(level)
    for handler in list(logging.root.handlers):
        if handler not in before:
            logging.root.removeHandler(handler)
            handler.close()


@pytest.fixture
def studio(tmp_path: Path, request: pytest.FixtureRequest) -> Studio:
    """A new studio whose files settle fast; what is drawn by chance there, each run draws alike."""
    made, _ = create(tmp_path / "studio")
    salt = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:32]
    made.marker.write_text(json.dumps({"schema": 1, "salt": salt}, indent=1) + "\n")
    trust.record(made, trusted=True)  # its name has changed with that
    made.settings.write_text(
        "settle_seconds = 0.1\nlook_seconds = 1\n"
        'photos.prompt = "a picture"\n'  # most tests draw bare ones
    )
    return made


@pytest.fixture(scope="session")
def forkserver() -> Iterator[ForkServer]:
    """Where daemons come from fast."""
    kept = ForkServer()
    yield kept
    kept.close()


@pytest.fixture
def hotfolder() -> Run:
    """Runs the command line in a process of its own."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hotfolder", *map(str, arguments)]
        environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
        return subprocess.run(  # type: ignore[call-overload,no-any-return]  # noqa: PLW1510
            command, capture_output=True, text=True, env=environment, timeout=300, **options
        )

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real browser; skipped where there is none, unless HOTFOLDER_REQUIRE_TOOLS=1."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        if os.environ.get("HOTFOLDER_REQUIRE_TOOLS") == "1":
            pytest.fail("chromium is not installed, and HOTFOLDER_REQUIRE_TOOLS=1 asks for it")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def tool() -> Callable[[str], str]:
    """Finds a program that a live test drives: `tool("exiftool")` is its path.

    Where it is missing the test is skipped, with HOTFOLDER_REQUIRE_TOOLS=1 it fails.
    """

    def find(name: str) -> str:
        path = shutil.which(name)
        if path:
            return path
        if os.environ.get("HOTFOLDER_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{name} is not installed, and HOTFOLDER_REQUIRE_TOOLS=1 asks for it")
        pytest.skip(f"{name} is not installed")

    return find
