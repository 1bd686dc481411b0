"""Two daemons on one folder that do not see each other's lock: locally, and one over sshfs.

The second has local state of its own, and so another machine's name. Both look at one inbox at the
same time; what one publishes the other has to respect. Over sshfs the second sees no events, and
its file system has no `renameat2`. Drops come in bursts so that both want the same job.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import asdict, replace
from pathlib import Path

from campaigns.kit import checker, daemons
from campaigns.kit.people import DRAFTS, People, copied, studio
from campaigns.kit.table import Tally

TITLE = "two daemons on one folder, locally and over sshfs"
COUNT = 1000
NAIVE = 200
_SSH_PORT = 14422
_BURST = 5


def run(kind: daemons.Kind, seed: int, count: int, work: Path, tally: Tally) -> None:
    """Have `count` pictures made, half of them with the second daemon on sshfs."""
    local = _pair(kind, seed, count - count // 2, work / "local", None, tally)
    tally.measured["local"] = local
    if has_server():
        server = Server(work / "ssh")
        try:
            far = _pair(kind, seed, count // 2, work / "far", server, tally)
            tally.measured["over sshfs"] = far
        finally:
            server.close()
    else:
        tally.measured["over sshfs"] = "not here: sshfs, sshd or /dev/fuse is missing"


def has_server() -> bool:
    """Whether a folder can be mounted by sshfs here."""
    tools = all(shutil.which(tool) for tool in ("sshfs", "ssh-keygen"))
    return tools and Path("/usr/sbin/sshd").exists() and Path("/dev/fuse").exists()


def _pair(
    kind: daemons.Kind, seed: int, jobs: int, work: Path, server: Server | None, tally: Tally
) -> str:
    """Both daemons on one studio until so many pictures are made; a figure about it."""
    work.mkdir()
    place = studio(work, batch=2, step_s=0.002)
    people = People(place, f"{seed}", "s" if server else "l")
    root = place.root
    if server:
        root = work / "mounted"
        server.mount(place.root, root)
    other = replace(place, root=root, state=work / "other.state")
    both = [daemons.start(kind, each) for each in (place, other)]
    wanted = 0
    try:
        while wanted < jobs:
            for _ in range(_BURST):
                before = len(people.book.prompts)
                people.drop(copied)
                wanted += DRAFTS * (len(people.book.prompts) - before)
            if people.pick():
                wanted += people.book.finals
            _wait(people, daemons.PATIENCE_S if kind == "hotfolder" else 2)
        _wait(people, daemons.PATIENCE_S if kind == "hotfolder" else 2)
        alive = sum(daemon.poll() for daemon in both)
    finally:
        for daemon in both:
            daemon.stop()
        if server:
            subprocess.run(["fusermount3", "-u", "-z", root], check=False)
    daemons.finish(kind, place)
    tally.runs += wanted
    tally.faults += wanted
    tally.add(checker.check(place.root, asdict(people.book)), f"seed {seed} {work.name}")
    shares = [len(_lines(each.trace)) for each in (place, other)]
    return f"{wanted} pictures; renders begun {shares[0]} and {shares[1]}; {alive} daemons lived"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _wait(people: People, seconds: float) -> None:
    """Until nothing seems to be missing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.3)
        if checker.seems_done(people.root, asdict(people.book)):
            return


class Server:
    """An sshd on the loopback with keys made for it."""

    def __init__(self, work: Path) -> None:
        work.mkdir()
        self._work = work
        for key in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / key]
            subprocess.run(command, check=True)
        (work / "keys").write_bytes((work / "user.pub").read_bytes())
        (work / "keys").chmod(0o600)
        Path("/run/sshd").mkdir(exist_ok=True)
        settings = work / "sshd_config"
        settings.write_text(
            f"Port {_SSH_PORT}\nListenAddress 127.0.0.1\nHostKey {work}/host\n"
            f"AuthorizedKeysFile {work}/keys\nPidFile {work}/pid\nStrictModes no\n"
            "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
        )
        command = ["/usr/sbin/sshd", "-D", "-f", settings, "-E", work / "log"]
        self._process = subprocess.Popen(command, start_new_session=True)
        time.sleep(1)

    def mount(self, folder: Path, at: Path) -> None:
        """Mount a folder by sshfs."""
        at.mkdir()
        options = [
            f"port={_SSH_PORT}",
            f"IdentityFile={self._work}/user",
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={self._work}/known",
        ]
        flags = [flag for option in options for flag in ("-o", option)]
        subprocess.run(["sshfs", f"root@127.0.0.1:{folder}", at, *flags], check=True, timeout=120)

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait()
