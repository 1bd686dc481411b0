"""A real crontab program, on a crontab of its own: nobody's own crontab is touched."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED
from hotfolder.services import cron
from hotfolder.services.definition import Service
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.studio.store.lock import locked

ROOT = Path(__file__).parents[2]
THEIRS = b"# mine\nMAILTO=me\n\n5 5 * * * echo caf\xe9 100\\% # hotfolder-of-others\n"

_SCRIPT = """\
import json, subprocess, sys
from pathlib import Path
from hotfolder.services import cron
from hotfolder.services.definition import Service
spool = Path("/var/spool/cron")
subprocess.run(["mount", "-t", "tmpfs", "none", str(spool)], check=True)
(spool / "crontabs").mkdir()
(spool / "crontabs").chmod(0o777)
def crontab():
    done = subprocess.run(["crontab", "-l"], capture_output=True)
    return done.stdout.decode("latin-1")
service, theirs = Service.of(Path(sys.argv[1])), sys.argv[2].encode("latin-1")
told = [cron.written(service)]
if theirs:
    subprocess.run(["crontab", "-"], input=theirs, check=True)
for act in (cron.install, cron.install, cron.uninstall, cron.uninstall):
    act(service)
    told += [crontab(), cron.written(service)]
print(json.dumps(told))
"""


NAMES = ["studio", "100% 城 it's $HOME"]


@pytest.fixture(params=NAMES)
def service(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Service:
    """A service for a new studio of a name that needs care."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    studio, _ = create(tmp_path / request.param)
    studio.settings.write_text("settle_seconds = 0.1\n")
    return Service.of(studio.root)


@pytest.mark.parametrize("theirs", [b"", THEIRS])
def test_other_lines_stay(service: Service, tool: Callable[[str], str], theirs: bytes) -> None:
    """Installing twice leaves one line, uninstalling twice none; all others stay to the byte."""
    tool("crontab")
    command = [tool("unshare"), "-Urm", sys.executable, "-c", _SCRIPT, str(service.root)]
    done = subprocess.run(
        [*command, theirs.decode("latin-1")], capture_output=True, check=False, text=True
    )
    if "Operation not permitted" in done.stderr or "ermission denied" in done.stderr:
        pytest.skip("this computer has no name spaces for all")
    assert done.returncode == 0, done.stderr
    line, others = cron.line(service), theirs.decode("latin-1")
    ours = os.fsencode(line).decode("latin-1")
    with_it, without = f"{others}{ours}\n", others
    assert json.loads(done.stdout) == [
        None, with_it, line, with_it, line, without, None, without, None
    ]  # fmt: skip


def by_cron(service: Service) -> subprocess.CompletedProcess[bytes]:
    """Run the exact line as cron does: no environment to speak of, C locale, no terminal."""
    fields, _, command = cron.line(service).partition(" * * * * ")
    assert fields == "*/10"
    environment = [f"HOME={Path.home()}", "LOGNAME=me", "SHELL=/bin/sh", "PATH=/usr/bin:/bin"]
    line = command.replace("\\%", "%")
    return subprocess.run(
        ["/usr/bin/env", "-i", *environment, "/bin/sh", "-c", line],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=300,
        cwd="/",
    )


def test_nothing_to_do_is_silent(service: Service) -> None:
    """cron would send every line by mail."""
    done = by_cron(service)
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_DONE, b"", b"")


def test_already_running_is_silent(service: Service) -> None:
    """When another run still works, this one goes without a word."""
    Studio(service.root).inbox.joinpath("a.txt").write_text("a castle")
    with locked(service.root):
        done = by_cron(service)
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_DONE, b"", b"")


@pytest.mark.slow
@pytest.mark.parametrize("service", NAMES[1:], indirect=True)
def test_drafts_by_cron(service: Service) -> None:
    """Files of any name are worked on in the C locale, and only trouble is told."""
    studio = Studio(service.root)
    profile = 'extends = "postcard"\nsteps = 2\n[draft]\narea = "64x64"\ncount = 1\n'
    (studio.profiles / "quick.toml").write_text(profile)
    studio.settings.write_text('profile = "quick"\nsettle_seconds = 0.1\n')
    (studio.inbox / "灯台.txt").write_text("月夜の灯台", "utf-8")
    (studio.inbox / "壊.toml").write_text("promt = 1\n")
    done = by_cron(service)
    assert done.returncode == EXIT_SOME_FAILED
    assert done.stdout == b""
    assert done.stderr.decode("utf-8").splitlines() == [
        "inbox/壊.toml has a mistake: read inbox/failed/壊.toml.error.txt"
    ]
    assert (studio.done / "灯台.txt").exists()
    assert len(list(studio.drafts.glob("*.png"))) == 1


def test_the_line(service: Service) -> None:
    """It ends with a mark of its own, which a shell passes over."""
    line = cron.line(service)
    assert line.endswith(f" # {service.name}")
    assert "\n" not in line
    words = shlex.split(line.replace("\\%", "%"), comments=True)
    assert words[:5] == ["*/10", "*", "*", "*", "*"]
    assert words[-1] == str(service.root)
    assert "PYTHONUTF8=1" in words


def test_the_command(service: Service, tool: Callable[[str], str]) -> None:
    """`hotfolder service` shows what it wrote, and says when there is nothing."""
    tool("crontab")
    command = f"{shlex.quote(sys.executable)} -m hotfolder service"
    root = shlex.quote(str(service.root))
    script = f"""
        mount -t tmpfs none /var/spool/cron || exit 77
        mkdir -m 777 /var/spool/cron/crontabs
        {command} install --with cron {root} && {command} status {root}
        {command} uninstall {root}
        {command} uninstall {root}
    """
    done = subprocess.run(
        [tool("unshare"), "-Urm", "sh", "-c", script], capture_output=True, check=False, text=True
    )
    if done.returncode == 77 or "Operation not permitted" in done.stderr:
        pytest.skip("this computer has no name spaces for all")
    assert done.stderr == ""
    starts = f"cron starts hotfolder on {service.root}"
    assert done.stdout.splitlines() == [
        f"{starts} from now on, with this:",
        "",
        cron.line(service),
        f"`hotfolder service uninstall {service.root}` removes it again.",
        f"{starts}, with this:",
        "",
        cron.line(service),
        f"cron no longer starts hotfolder on {service.root}.",
        f"Nothing starts hotfolder on {service.root} automatically.",
    ]
