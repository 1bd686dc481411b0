"""A picture made again, beside the studio, to be laid over what it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import psutil
from msgspec import Struct

from hotfolder.errors import HotfolderError, printable
from hotfolder.light.catalogue import Shown
from hotfolder.light.news import News
from hotfolder.studio.layout import Studio

_NICE = psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 10
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class Made(Struct, frozen=True):
    """What came of it; `says` what differs, or why there is nothing to compare."""

    id: int
    verdict: Literal["identical", "differs", "cannot"]
    says: str


class Again:
    """Makes one picture at a time again, as `hotfolder regenerate` does, and keeps the last one.

    That is done by a process of its own at low priority, so the daemon's drafts go on.
    """

    def __init__(self, studio: Studio, news: News) -> None:
        self._studio = studio
        self._news = news
        self._guard = threading.Lock()
        self._folder = TemporaryDirectory(prefix="hotfolder-again-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[str] | None = None
        self._made: tuple[int, Path] | None = None

    def begin(self, shown: Shown) -> None:
        """Begin with a picture; the news "again" tells what came of it.

        Raises HotfolderError while another one is made, OSError if no process can be started.
        """
        with self._guard:
            if self._process is not None:
                raise HotfolderError("another picture is being made again; wait until it is done")
            output = Path(self._folder.name) / "made"
            shutil.rmtree(output, ignore_errors=True)
            self._made = None
            path = self._studio.root / shown.path
            command = [sys.executable, "-m", "hotfolder", "regenerate", str(path)]
            command += ["--studio", str(self._studio.root), "--output", str(output)]
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONSAFEPATH": "1"},
                creationflags=_NO_WINDOW,
            )
        with suppress(psutil.Error):
            psutil.Process(process.pid).nice(_NICE)
        follow = threading.Thread(target=self._follow, args=(shown.id, path, process, output))
        follow.daemon = True
        follow.start()

    def picture(self, id_: int) -> Path:
        """The file of a picture that was made again last; FileNotFoundError for another."""
        with self._guard:
            if self._made is None or self._made[0] != id_:
                raise FileNotFoundError(2, "this picture was not made again")
            return self._made[1]

    def close(self) -> None:
        """End what goes on; nothing stays."""
        with self._guard:
            if self._process is not None:
                self._process.kill()
        self._folder.cleanup()

    def _follow(self, id_: int, path: Path, process: subprocess.Popen[str], output: Path) -> None:
        lines = process.communicate()[0].splitlines()
        file = next(output.iterdir(), None) if output.is_dir() else None
        with self._guard:
            self._process = None
            self._made = (id_, file) if file else None
        begin = f"{printable(str(path))}: "
        told = [line.removeprefix(begin) for line in lines if line.startswith(begin)]
        says = (told or lines or ["it ended without saying why"])[-1]
        if file is None:
            says = says.removeprefix("cannot be made again: ")
            self._news.tell("again", Made(id_, "cannot", says))
        else:
            differs = process.returncode != 0
            self._news.tell("again", Made(id_, "differs" if differs else "identical", says))
