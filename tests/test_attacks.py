"""Somebody who may write into the studio works against a daemon; a private folder lies beside."""

from __future__ import annotations

import os
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path

import pytest
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from campaigns.kit import naive
from hotfolder import cli
from hotfolder.daemon import Daemon, Until
from hotfolder.light import status_page
from hotfolder.light.status_page import StatusPage
from hotfolder.notify import Notifier
from hotfolder.report.progress import Lines
from hotfolder.studio.layout import Studio
from tests.attacker import CANARY, KINDS, PLANTS, RACES
from tests.daemon_thread import Said
from tests.forkserver import until
from tests.painter import FakeExecutor

TRIAL = 2 * len(KINDS)
TRIALS = -(-int(os.environ.get("HOTFOLDER_ATTACKS", TRIAL)) // TRIAL)
COMMANDS = ("check", "status", "plan", "verify", "best", "taste", "stats")
PATIENCE_S = 600  # for what surely comes, however busy the machine
_MOST_S = 2.0 if TRIALS > 1 else 20.0  # a slow machine passes the slice as well
_NAIVE_S = 30.0
_BLOCKED_S = 10 * _MOST_S  # also by other threads that have the interpreter and no processor
_QUEUED = Path("/proc/thread-self/schedstat")


class Watched(Daemon):
    """A daemon that notes how long its turns take.

    `longest_s` is processor time, `blocked_s` what a turn waited for anything but a processor:
    that counts as time by the clock only where nothing else is at work.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio, Said(), executor=FakeExecutor(slots=1))
        self.longest_s = self.blocked_s = 0.0
        self.error: BaseException | None = None

    def _turn(self) -> bool:
        cpu_s, began_s = time.thread_time(), _undisturbed_s()
        wait = self._watch.wait
        goes_on = True

        def waits(seconds: float) -> None:
            nonlocal began_s
            resting_s = _undisturbed_s()
            wait(seconds)
            began_s += _undisturbed_s() - resting_s

        self._watch.wait = waits  # type: ignore[method-assign]
        try:
            goes_on = super()._turn()
        finally:
            self._watch.wait = wait  # type: ignore[method-assign]
        self.longest_s = max(self.longest_s, time.thread_time() - cpu_s)
        self.blocked_s = max(self.blocked_s, _undisturbed_s() - began_s)
        return goes_on

    def live(self) -> None:
        """Run until told to stop, and keep what ended it."""
        try:
            self.run(Until())
        except BaseException as error:
            self.error = error


def _undisturbed_s() -> float:
    """The time by the clock, less what this thread has waited until other programs let it run."""
    try:
        queued_s = int(_QUEUED.read_text().split()[1]) / 1e9
    except OSError:  # only Linux tells
        queued_s = 0.0
    return time.monotonic() - queued_s


class Canary(FileSystemEventHandler):
    """A private folder in which nothing may be opened, made, changed or moved."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        (home / "secret.txt").write_text(CANARY)
        (home / ".bashrc").write_text("# mine\n")
        self.touched: list[str] = []
        self._home = home
        self._before = self._state()
        self._observer = Observer()
        self._observer.schedule(self, str(home), recursive=True)
        self._observer.start()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Everything counts, but that somebody lists the folder."""
        if not event.is_directory:
            self.touched.append(f"{event.event_type} {event.src_path!r}")

    def close(self) -> None:
        """Nothing happened."""
        self._observer.stop()
        self._observer.join()
        assert self.touched == []
        assert self._state() == self._before

    def _state(self) -> dict[str, tuple[int, int, int]]:
        found = {path.name: path.lstat() for path in self._home.rglob("*")}
        return {
            name: (stat.st_mtime_ns, stat.st_mode, stat.st_size) for name, stat in found.items()
        }


class Owner:
    """Drops prompts, slowly at times and under a name that is changed, and picks drafts."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._wanted: list[str] = []
        self._picked: list[str] = []

    def drop(self, number: int) -> None:
        """Write a prompt file as a naive program does: in pieces, and renamed at the end."""
        name = f"honest castle {number}"
        file = self._studio.inbox / f"honest{number}.toml"
        with file.with_suffix(".part").open("w") as stream:
            stream.write(f'prompt = "{name}"\n')
            stream.flush()
            time.sleep(0.002)
            stream.write("count = 1\n")
        file.with_suffix(".part").rename(file)
        self._wanted.append(name.replace(" ", "-"))

    def pick(self) -> None:
        """Move a draft that nobody picked yet to seeds/."""
        for name in self._wanted:
            if name not in self._picked and (made := self._made("drafts", name)):
                made[0].rename(self._studio.seeds / made[0].name)
                self._picked.append(name)
                return

    def is_served(self) -> bool:
        """Whether every prompt has its draft, and every pick its finals."""
        while len(self._picked) < min(2, len(self._wanted)):
            count = len(self._picked)
            self.pick()
            if len(self._picked) == count:
                return False
        finals = all(len(self._made("final", name)) >= 3 for name in self._picked)
        drafts = set(self._wanted) - set(self._picked)
        return finals and all(self._made("drafts", name) for name in drafts)

    def _made(self, room: str, name: str) -> list[Path]:
        return sorted((self._studio.root / room).rglob(f"{name}-*.png"))


@contextmanager
def _living(daemon: Watched) -> Iterator[None]:
    thread = threading.Thread(target=daemon.live)
    thread.start()
    try:
        yield
        assert thread.is_alive(), repr(daemon.error)
    finally:
        daemon.stop()
        thread.join(PATIENCE_S)
        daemon.close()
    assert not thread.is_alive(), "it does not obey"
    assert daemon.error is None


@pytest.mark.timeout(3 * PATIENCE_S)
@pytest.mark.parametrize("seed", range(TRIALS))
def test_an_attacker_beside_a_daemon(
    studio: Studio,
    tmp_path: Path,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing outside is read, moved, made or changed; the daemon lives and serves the honest."""
    home = tmp_path / "home"
    canary, owner, rand = Canary(home), Owner(studio), random.Random(seed)
    monkeypatch.setattr(status_page, "EVERY_S", 0.3)
    studio.settings.write_text(
        "settle_seconds = 0.05\nlook_seconds = 0.5\nkeep_free_gb = 0\nstatus_page = true\n"
        "taste.hold_back = true\ntaste.early_stop = true\n"
    )
    names = 2 * list(KINDS)
    rand.shuffle(names)
    daemon = Watched(studio)
    with StatusPage(studio), Notifier(studio, Lines()), _living(daemon):
        for number, name in enumerate(names):
            with suppress(OSError):  # what was tried before is in the way
                KINDS[name](studio, home, rand)
            if number % 40 == 0:
                owner.drop(number)
            if number % 60 == 50:
                with suppress(OSError):
                    owner.pick()
        for folder in (studio.done, studio.failed):
            folder.mkdir(exist_ok=True)
        until(owner.is_served, PATIENCE_S)
    told = _told(studio, tmp_path / "gallery", capsys)
    canary.close()
    if TRIALS > 1:
        with capsys.disabled():
            print(f" turns: {daemon.longest_s:.2f} s at work, {daemon.blocked_s:.2f} s in all")
    assert daemon.longest_s < _MOST_S
    assert daemon.blocked_s < _BLOCKED_S
    texts = [path for path in studio.root.rglob("*") if path.is_file() and not path.is_symlink()]
    small = [path for path in texts if path.stat().st_size < 10**6]
    assert not [path for path in small if CANARY.encode() in path.read_bytes()]
    assert CANARY not in told and "\x1b" not in told


def _told(studio: Studio, gallery: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What commands say of the studio as it is now; none of them fails unforeseen."""
    for command in COMMANDS if TRIALS > 1 else ("check",):
        cli.main([command, str(studio.root)])
    cli.main(["gallery", str(studio.root), "-o", str(gallery)])
    said = capsys.readouterr()
    return said.out + said.err


@pytest.mark.posix("the memory of a process is limited")
def test_a_naive_writer_beside_it(
    studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One written in an evening gives the private file away, or dies, of the same attacks."""
    home, rand, harmed = tmp_path / "home", random.Random(0), dict[str, str]()
    Canary(home).close()
    for name in sorted(PLANTS) if TRIALS > 1 else ("a giant for a prompt", "a link for a prompt"):
        root = tmp_path / name.replace("/", "-")
        shutil.copytree(studio.root, root)
        with suppress(OSError):
            PLANTS[name](Studio(root), home, rand)
        (root / "inbox" / "zebra.txt").write_text("a zebra")
        child = get_context("spawn").Process(target=_naively, args=(root,))
        child.start()
        child.join(_NAIVE_S)
        child.kill()  # very many paragraphs take it very long
        child.join()
        pictures = list(root.glob("drafts/a-zebra-*.png"))
        if CANARY.encode() in b"".join(path.read_bytes() for path in root.glob("drafts/*.png")):
            harmed[name] = "gives away"
        elif child.exitcode or not pictures:
            harmed[name] = "dies" if child.exitcode else "does not serve"
        shutil.rmtree(root)
    if TRIALS > 1:
        with capsys.disabled():
            print(f" a naive writer: {Counter(harmed.values())} of {len(PLANTS)}")
    assert {"gives away", "dies"} <= set(harmed.values())


def _naively(root: Path) -> None:
    """The naive writer's work, in a process of its own that is not to take all memory."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    sys.exit(naive.main(root, once=True))


def test_how_much_is_tried() -> None:
    """At least sixty kinds, of which enough are races."""
    assert len(KINDS) >= 60
    assert len(RACES) / len(KINDS) >= 0.1, "of 5,000 attacks 500 are races"
