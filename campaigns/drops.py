"""Every way to drop a file, with every kind of name, in every encoding, into one studio.

All combinations that the tools can make; what a tool refuses (a swap file for a name of 255 bytes,
an SMB name with a newline) is counted as such. Meanwhile drafts are picked, and none may begin
while a picked one waits (I7).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tarfile
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import product
from pathlib import Path

from campaigns.kit import checker, daemons, order
from campaigns.kit.book import Owned
from campaigns.kit.people import DRAFTS, People, studio
from campaigns.kit.table import Tally

TITLE = "drop methods x names x encodings"
COUNT = 2000  # as many as there are
NAIVE = 300
_SETTLE_S = 0.4
_PICK_EVERY = 60
_IN_TWO_VERSIONS = {"vim", "sed -i", "gio save"}
_QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

Way = Callable[[Path, Path], None]


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Make `count` of the combinations, in an order that `seed` decides."""
    tally.asked = ("I1", "I2", "I3", "I4", "I5", "I7")
    place = studio(work, settle_s=_SETTLE_S, batch=2, step_s=0.002)
    people = People(place, str(seed))
    daemon = daemons.start(kind, place)
    server = _Samba(place.root / "inbox", work / "samba")
    ways = WAYS | ({"samba": server.put} if server.works else {})
    combinations = list(product(ways, NAMES, ENCODINGS))
    people.chance.shuffle(combinations)
    refused: Counter[str] = Counter()
    with ThreadPoolExecutor(3) as pool:
        drops = []
        for number, (way, name, encoding) in enumerate(combinations[:count]):
            drops.append(pool.submit(drop, people, number, way, ways[way], name, encoding))
            if number % _PICK_EVERY == _PICK_EVERY - 1:
                drops[-1].result()
                people.pick()
        for (way, name, _), done in zip(combinations, drops, strict=False):
            if not done.result():
                refused[f"{way}, {name}"] += 1
    server.close()
    people.book.refusable += server.cut_off
    if kind == "hotfolder":
        _wait(place.root, daemon)
    daemon.stop()
    daemons.finish(kind, place, seconds=2 * daemons.PATIENCE_S)
    people.close()
    tally.runs = min(count, len(combinations)) - sum(refused.values())
    tally.faults = tally.runs
    tally.add(checker.check(place.root, asdict(people.book)), f"seed {seed}")
    if kind == "hotfolder":
        tally.add({"I7": order.early_drafts(place.trace, people.picks, _SETTLE_S)}, f"seed {seed}")
    tally.measured["ways, names, encodings"] = f"{len(ways)}, {len(NAMES)}, {len(ENCODINGS)}"
    tally.measured["no tool makes"] = f"{sum(refused.values())}: {', '.join(sorted(refused))}"
    tally.measured["Samba killed within an upload"] = str(len(server.cut_off))
    tally.measured["picked meanwhile"] = str(len(people.picks))


def drop(people: People, number: int, kind: str, way: Way, name: str, encoding: str) -> bool:
    """One combination; whether the tool could make it."""
    root = people.root
    codec, sample, newline = ENCODINGS[encoding]
    text = f"{sample} {number}"
    comment = "# a long way over the network\n" * 5000 if kind == "samba" else ""
    data = f"{comment}{text}{newline}".encode(codec)
    target = root / "inbox" / os.fsdecode(NAMES[name](number))
    source = root.with_name("studio.outside") / f"{number}" / target.name
    source.parent.mkdir()
    try:
        source.write_bytes(data)
        began = time.monotonic()
        way(source, target)
        if kind in _IN_TWO_VERSIONS and time.monotonic() - began > 0.9 * _SETTLE_S:
            # On a busy machine the first version stood for as long as the settling: a mistake.
            people.book.refusable.append(target.name)
    except (OSError, subprocess.SubprocessError, UnicodeError, ValueError):
        people.book.maybe[text] = DRAFTS
        return False
    for folder in ("inbox", "inbox/done", "inbox/failed"):
        lies = root / folder / target.name
        try:
            if lies.read_bytes() != data:
                continue
            mtime = lies.stat().st_mtime_ns
        except OSError:
            continue
        folders = ["inbox", "inbox/done", "inbox/failed"]
        digest = hashlib.sha256(data).hexdigest()
        people.book.files.append(Owned(f"inbox/{target.name}", digest, mtime, folders))
        people.book.prompts[text] = DRAFTS
        return True
    people.book.maybe[text] = DRAFTS
    return False


def _tool(*command: str | Path, **options: object) -> None:
    """Run a program that must succeed."""
    subprocess.run(command, check=True, timeout=60, **{**_QUIET, **options})  # type: ignore[call-overload]


def _across(source: Path, target: Path) -> None:
    """mv from another file system, which is a copy and a removal."""
    with_other_disk = Path("/var/tmp") / f"campaign-{os.getpid()}-{source.parent.name}"  # noqa: S108
    shutil.copyfile(source, with_other_disk)
    _tool("mv", "--", with_other_disk, target)


def _vim(source: Path, target: Path) -> None:
    """Opened in vim, its text filled in and saved with a backup."""
    seen = source.parent / "seen"
    shutil.copyfile(source, seen)
    target.write_bytes(b"# begun\n")
    end = "eol" if source.read_bytes().endswith(b"\n") else "noeol"
    _tool("vim", "-u", "NONE", "-N", "-es", "-b", "-c", "set backup", "-c", f"%!cat {seen}",
          "-c", f"set nofixeol {end}", "-c", "w!", "-c", "q!", target)  # fmt: skip


def _sed(source: Path, target: Path) -> None:
    """A placeholder that sed -i fills in."""
    data = source.read_bytes()
    script = source.with_name("script.sed")
    with_escapes = b"".join(b"\\x%02x" % byte for byte in data.rstrip(b"\n"))
    ends = data.endswith(b"\n")
    target.write_bytes(b"# begun" + (b"\n" if ends else b""))
    script.write_bytes(b"s/.*/" + with_escapes + b"/\n")
    _tool("sed", "-i", "-f", script, "--", target, env={**os.environ, "LC_ALL": "C"})


def _gio(source: Path, target: Path) -> None:
    """GLib's way to save, over a first version as an editor would."""
    target.write_bytes(b"# begun\n")
    with source.open("rb") as stream:
        _tool("gio", "save", target, stdin=stream)


def _slowly(source: Path, target: Path) -> None:
    """Three writes with pauses of a quarter of the settling time."""
    data = source.read_bytes()
    with target.open("wb", buffering=0) as stream:
        for begin in range(0, len(data), len(data) // 3 + 1):
            stream.write(data[begin : begin + len(data) // 3 + 1])
            time.sleep(_SETTLE_S / 4)


def _curl(source: Path, target: Path) -> None:
    """Downloaded."""
    served = source.parent / "served"
    shutil.copyfile(source, served)
    _tool("curl", "-s", "-o", target, f"file://{served}")


def _unzip(source: Path, target: Path) -> None:
    """From an archive made elsewhere."""
    packed = source.parent / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(source, target.name)
    _tool("unzip", "-q", "-o", packed, "-d", target.parent)


def _untar(source: Path, target: Path) -> None:
    """From an archive that keeps times."""
    packed = source.parent / "packed.tar"
    with tarfile.open(packed, "w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(source, target.name)
    _tool("tar", "-x", "-f", packed, "-C", target.parent)


WAYS: dict[str, Way] = {
    "cp": lambda source, target: _tool("cp", "--", source, target),
    "cp -p": lambda source, target: _tool("cp", "-p", "--", source, target),
    "mv": lambda source, target: _tool("mv", "--", source, target),
    "mv across": _across,
    "rsync": lambda source, target: _tool("rsync", "-a", "--", source, f"{target.parent}/"),
    "rsync --inplace": lambda source, target: _tool(
        "rsync", "-a", "--inplace", "--", source, f"{target.parent}/"
    ),
    "vim": _vim,
    "sed -i": _sed,
    "gio save": _gio,
    "slowly": _slowly,
    "curl -o": _curl,
    "unzip": _unzip,
    "tar x": _untar,
    "ln": lambda source, target: _tool("ln", "--", source, target),
}

NAMES: dict[str, Callable[[int], bytes]] = {
    "plain": lambda n: b"prompt %d.txt" % n,
    "Japanese": lambda n: f"灯台と月夜 {n}.txt".encode(),
    "NFD": lambda n: unicodedata.normalize("NFD", f"café が {n}.txt").encode(),
    "emoji": lambda n: f"🎨👩‍🎨 {n}.txt".encode(),
    "newline": lambda n: b"two\nlines %d.txt" % n,
    "255 bytes": lambda n: (b"%d-" % n).ljust(251, b"x") + b".txt",
    "leading dash": lambda n: b"-rf %d.txt" % n,
    "dots": lambda n: b"a..b...%d.txt" % n,
    "spaces": lambda n: b"  %d  spaces  .txt" % n,
    "percent": lambda n: b"100%%s %%20 %d.txt" % n,
    "no UTF-8": lambda n: b"caf\xe9 \xff %d.txt" % n,
}

_JAPANESE = "月夜の灯台と静かな海、冬の朝の光"
_FRENCH = "un café près de la mer, façade naïve, déjà vu, été"
ENCODINGS = {
    "UTF-8": ("utf-8", f"{_JAPANESE}, {_FRENCH}", "\n"),
    "UTF-8 CRLF": ("utf-8", _JAPANESE, "\r\n"),
    "UTF-8 BOM": ("utf-8-sig", _JAPANESE, "\n"),
    "ASCII, no newline": ("ascii", "a lighthouse by the sea", ""),
    "UTF-16 BOM": ("utf-16", _JAPANESE, "\n"),
    "UTF-16LE": ("utf-16-le", _JAPANESE, "\n"),
    "UTF-16BE": ("utf-16-be", _JAPANESE, "\n"),
    "cp932": ("cp932", _JAPANESE, "\n"),
    "cp932 CRLF": ("cp932", _JAPANESE, "\r\n"),
    "cp1252": ("cp1252", _FRENCH, "\n"),
}


class _Samba:
    """A Samba server on the loopback whose share is the inbox; killed and started at times."""

    def __init__(self, inbox: Path, work: Path) -> None:
        self.works = shutil.which("smbd") is not None and shutil.which("smbclient") is not None
        self._server: subprocess.Popen[bytes] | None = None
        self._uploads = 0
        self.cut_off: list[str] = []
        if not self.works:
            return
        work.mkdir()
        self._settings = work / "smb.conf"
        self._settings.write_text(
            "[global]\nmap to guest = Bad User\nsecurity = user\nguest account = root\n"
            "bind interfaces only = yes\ninterfaces = lo\ndisable netbios = yes\n"
            f"smb ports = {_SMB_PORT}\nunix extensions = no\n"
            + "".join(
                f"{name} = {work}\n"
                for name in (
                    "private dir",
                    "lock directory",
                    "state directory",
                    "cache directory",
                    "pid directory",
                    "ncalrpc dir",
                )
            )
            + f"log file = {work}/log\n"
            f"[inbox]\npath = {inbox}\nguest ok = yes\nguest only = yes\nread only = no\n"
        )
        self._start()

    def put(self, source: Path, target: Path) -> None:
        """Upload a file; every tenth time the server is killed meanwhile, then it is done again."""
        assert self._server is not None
        if "\n" in target.name:
            raise ValueError("no name for SMB")
        plain = source.with_name("upload")
        shutil.copyfile(source, plain)
        self._uploads += 1
        command = ["smbclient", "//127.0.0.1/inbox", "-N", "-s", str(self._settings)]
        command += ["-p", str(_SMB_PORT), "-c", f'put upload "{target.name}"']
        if self._uploads % 10 == 0:
            self.cut_off.append(target.name)
            client = subprocess.Popen(command, cwd=plain.parent, **_QUIET)  # type: ignore[call-overload]
            end = time.monotonic() + 5
            while not target.exists() and client.poll() is None and time.monotonic() < end:
                time.sleep(0.001)
            self._kill()
            client.wait(daemons.PATIENCE_S)
            self._start()
        _tool(*command, cwd=plain.parent)

    def _start(self) -> None:
        command = ["smbd", "--foreground", "--no-process-group", "-s", str(self._settings)]
        self._server = subprocess.Popen(command, start_new_session=True, **_QUIET)  # type: ignore[call-overload]
        end = time.monotonic() + 10
        probe = ["smbclient", "-L", "127.0.0.1", "-N", "-s", str(self._settings)]
        while subprocess.run([*probe, "-p", str(_SMB_PORT)], **_QUIET).returncode:  # type: ignore[call-overload]  # noqa: PLW1510
            if time.monotonic() > end:
                self.works = False
                return
            time.sleep(0.1)

    def _kill(self) -> None:
        assert self._server is not None
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            self._kill()


_SMB_PORT = 14445


def _wait(root: Path, daemon: daemons.Running) -> None:
    """Until the inbox is empty."""
    end = time.monotonic() + daemons.PATIENCE_S
    inbox = root / "inbox"
    while time.monotonic() < end and daemon.poll():
        time.sleep(0.5)
        if not any(path.suffix == ".txt" for path in inbox.iterdir()):
            return
