"""Wake-up calls of the real operating system."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.watch import Watch
from tests.forkserver import comes_true, until


@pytest.fixture
def watch(studio: Studio) -> Iterator[Watch]:
    """A watch on the studio."""
    new = Watch(studio.root)
    yield new
    new.stop()


def test_paths_that_change_are_hinted(watch: Watch, studio: Studio) -> None:
    """Each new, moved and removed file is named, relative to the studio."""
    hints: set[str] = set()

    def hinted(path: str) -> bool:
        hints.update(watch.take() or ())
        return path in hints

    (studio.inbox / "灯台.txt").write_text("a lighthouse")
    assert comes_true(lambda: hinted("inbox/灯台.txt"), 10)
    (studio.inbox / "灯台.txt").rename(studio.inbox / "b.txt")
    assert comes_true(lambda: hinted("inbox/b.txt"), 10)
    hints.clear()
    (studio.inbox / "b.txt").unlink()
    assert comes_true(lambda: hinted("inbox/b.txt"), 10)


def test_reading_and_our_own_books_wake_nobody(watch: Watch, studio: Studio) -> None:
    """Neither a look at a file nor an entry in the ledger is news."""
    hints: set[str] = set()

    def all_until(name: str) -> None:
        """One write is several events; all before that of a later file have arrived with it."""
        (studio.inbox / name).write_text("a fence")

        def arrived() -> bool:
            hints.update(watch.take() or ())
            return f"inbox/{name}" in hints

        until(arrived, 10)

    file = studio.inbox / "a.txt"
    file.write_text("a")
    all_until("first.txt")
    assert "inbox/a.txt" in hints
    hints.clear()
    file.read_text()
    (studio.ledger / "machine.jsonl").write_text("{}\n")
    all_until("last.txt")
    assert not [path for path in hints if path.startswith(".hotfolder")]
    assert "inbox/a.txt" not in hints


def test_a_wait_can_be_ended(watch: Watch) -> None:
    """`wake` ends a wait at once, also one that begins later."""
    watch.wake()
    began = time.monotonic()
    watch.wait(3600)
    assert time.monotonic() - began < 60


def hint_of(watch: Watch, studio: Studio, name: str) -> bool:
    """Whether the watch hears of a file; None hints are those of a watch begun anew.

    It is written again and again, since watchdog begins to listen in a thread of its own.
    """
    heard: set[str] = set()

    def arrived() -> bool:
        (studio.inbox / name).write_text("a castle")
        heard.update(watch.take() or ())
        return f"inbox/{name}" in heard

    return comes_true(arrived, 30)


def test_a_replaced_studio(watch: Watch, studio: Studio, tmp_path: Path) -> None:
    """When another folder takes the place of the watched one, that is watched instead."""
    shutil.copytree(studio.root, tmp_path / "copy")
    studio.root.rename(tmp_path / "old")
    (tmp_path / "copy").rename(studio.root)
    watch.take()
    watch.check()
    assert watch.take() is None, "what happened meanwhile nobody heard"
    assert not watch.blind
    assert hint_of(watch, studio, "a.txt")
    for _ in range(3):
        until(watch._heard.is_set, 10)
        watch.check()
    assert watch.take() is not None, "all is well, so nothing is begun anew"


def test_a_studio_that_is_gone(watch: Watch, studio: Studio, tmp_path: Path) -> None:
    """While there is none that is an error; when it is back it is watched again."""
    studio.root.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        watch.check()
    watch.renew()
    assert watch.blind if sys.platform == "win32" else "No such file" in watch.blind
    (tmp_path / "away").rename(studio.root)
    watch.renew()
    assert not watch.blind
    assert hint_of(watch, studio, "a.txt")


def test_a_dead_watcher(watch: Watch, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch that was closed below us is begun anew; one that stays silent is no watch."""
    watch._observer.stop()
    watch._observer.join()
    watch.check()
    assert hint_of(watch, studio, "a.txt")
    monkeypatch.setattr(watch, "on_any_event", lambda event: None)
    monkeypatch.setattr(Watch, "on_any_event", lambda self, event: None)
    checks = 0
    while not watch.blind:
        watch._heard.clear()
        watch.check()
        checks += 1
    assert "does not answer" in watch.blind
    assert checks <= 4


def test_an_overflow(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    """watchdog only writes of lost events; then everything has to be looked at."""
    watch.take()
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
    assert watch.take() is None
    watch.stop()
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
    assert watch.take() is not None


_FEW_WATCHES = """\
import sys
import time
from pathlib import Path
Path("/proc/sys/user/max_inotify_watches").write_text(sys.argv[2])
from hotfolder.studio.scan.watch import Watch
watch = Watch(Path(sys.argv[1]))
watch.check()
print("blind:", watch.blind)
watch.stop()
"""


@pytest.mark.parametrize(
    ("watches", "expected"),
    [
        (0, "blind: inotify watch limit reached\n"),
        (5, "blind: this user's limit of watched folders has been reached\n"),
        (40, "blind: \n"),
    ],
)
def test_too_few_watches(
    studio: Studio, tool: Callable[[str], str], watches: int, expected: str
) -> None:
    """Where the computer has no watches left, that is said and the looks make up for it."""
    command = [tool("unshare"), "-Ur", sys.executable, "-c", _FEW_WATCHES, studio.root]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [*map(str, command), str(watches)],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
    )
    if "Operation not permitted" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("this computer has no user namespaces for all")
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


def test_watchdog_complains_to_us_until_its_end(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its threads may complain while they end, and what no one hears is mailed by cron."""
    hears = logging.getLogger("watchdog")
    before = list(hears.handlers)
    watch = Watch(studio.root)
    (ours,) = set(hears.handlers) - set(before)
    heard: list[bool] = []
    end = watch._observer.stop

    def stop() -> None:
        heard.append(ours in hears.handlers)
        end()
        heard.append(ours in hears.handlers)

    monkeypatch.setattr(watch._observer, "stop", stop)
    watch.stop()
    assert heard == [True, True]
    assert hears.handlers == before
