"""Whatever lies in a studio's own files, work goes on, or it is said what to do."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from hotfolder.daemon import Daemon, Until
from hotfolder.errors import MistakesError, StudioMissingError
from hotfolder.snapshot import BrokenFile
from hotfolder.studio import layout
from hotfolder.studio.config.load import read_config
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local, moves
from tests.daemon_thread import Said
from tests.images.foreign.pictures import png
from tests.painter import FakeExecutor
from tests.test_attacks import Canary

Tamper = Callable[[Studio, Path], object]
R = "00" * 32
LONG = 60 * 10**9


def _sparse(file: Path) -> None:
    file.unlink(missing_ok=True)
    with file.open("wb") as stream:
        stream.truncate(LONG)


def _own(studio: Studio, *entries: dict[str, object]) -> None:
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    for name in (local.machine(), "evil"):
        (studio.ledger / f"{name}.jsonl").write_text(text)


def _archives(studio: Studio, make: Callable[[Path], object], machine: str = "evil") -> None:
    (studio.recipes / machine).mkdir(parents=True)
    for number in range(256):
        make(studio.recipes / machine / f"{number:02x}.jsonl")
    (studio.seeds / "me.png").write_bytes(png())


def _deep(folder: Path, depth: int) -> None:
    """Folders within folders, deeper than any path can say."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


def _moves(studio: Studio, home: Path) -> None:
    """Announcements of moves that would plant and steal, each worse than the other."""
    out = os.path.relpath(home, studio.root)
    move = {"event": "finishing", "to": "inbox/done/x", "through": {}, "beside": [], "ctime_ns": 0}
    steal = {"sidecars": {f"{out}/secret.txt": "drafts/loot.txt"}, "picture": "k1"}
    froms = ("in\0box", "x" * 5000, "README.txt/x", f"{out}/secret.txt", "/dev/zero")
    _own(
        studio,
        *({**move, "file": file} for file in froms),
        {"event": "picking", "file": "drafts/a.png", "to": "seeds/anything.png", **steal},
        {"event": "making", "stage": "draft", "request": R, "ordinal": 7, "recipe": R, "name": out},
    )


def _numbers(studio: Studio, home: Path) -> None:
    made = {"event": "made", "stage": "draft", "request": R, "recipe": R, "pixels": R}
    _own(
        studio,
        *(
            {**made, "ordinal": o, "name": n}
            for o in (-5, 2**62, 1.5, "x")
            for n in ("../x", "a\0")
        ),
        {"event": "finished", "to": "x", "through": {R: 10**30}, "file": "inbox/canary.toml"},
        {"event": "lost", "recipe": R},
    )


def _names(studio: Studio, home: Path) -> None:
    """Names that mean something to shells, terminals, file systems or people."""
    for name in (
        b"-rf.txt", b"--help.toml", b"..txt", b" .txt", b".txt", b"\xff\xfe.txt", b"new\nline.txt",
        b"esc\x1b]0;t\x07.txt", b"\xe2\x80\xaetxt.exe.txt", b"%s%n.txt", b"$(touch x).txt",
        b"[red]rich.txt", b"{a|b}.txt", b"\\back.txt", b"x" * 240 + b".TXT", b"con.txt",
        b"x.txt.error.txt", b"Case.txt", b"CASE.txt", b"'q\"uote.txt", b"a;b|c&d.txt",
    ):  # fmt: skip
        Path(os.fsdecode(os.fsencode(studio.inbox) + b"/" + name)).write_text("Negative prompt: x")
    os.mkfifo(studio.inbox / "pipe.txt")
    (studio.inbox / "dir.png").mkdir()
    (studio.inbox / "up").symlink_to("..")
    here = Path.cwd()
    os.chdir(studio.inbox)  # a socket's path has few characters
    try:
        socket.socket(socket.AF_UNIX).bind("sock.txt")
    finally:
        os.chdir(here)


def _pictures(studio: Studio, home: Path) -> None:
    data = png()
    for room in (studio.drafts, studio.seeds):
        for name in (b"\xff.png", b"a\n\x1b[31m.png", b"-o.png", b"x" * 251 + b".png"):
            Path(os.fsdecode(os.fsencode(room) + b"/" + name)).write_bytes(data)
        os.mkfifo(room / "p.png")
        (room / "l.png").symlink_to(home / "secret.txt")
        (room / "z.png.xmp").symlink_to("/dev/zero")


def _words(studio: Studio, home: Path) -> None:
    for number in range(60):
        (studio.wildcards / f"w{number}.txt").write_text(f"__w{number + 1}__ __w{number + 1}__\n")
    (studio.inbox / "w.txt").write_text("castle __w0__")
    (studio.inbox / "w2.txt").write_text("castle __*__ {10000000$$__**__}")
    (studio.inbox / "w3.txt").write_text("castle __" + "*a" * 90 + "*b__ __" + "?" * 200 + "z__")


def _sources(studio: Studio, home: Path) -> None:
    """Models where none may be, asked for by prompt files."""
    for number, source in enumerate(
        ("/etc/passwd", "shipped:../../../etc", "hub:../../x.safetensors", "~root/x", "evil/repo",
         "shipped:", "hub:", "file:///etc/passwd", "/dev/zero", ".", "x" * 5000, "\\u0000")
    ):  # fmt: skip
        table = f'extends="postcard"\n[model]\nsource="{source}"\n'
        (studio.profiles / f"e{number}.toml").write_text(table)
        asked = f'prompt="castle"\ncount=1\nprofile="e{number}"\n'
        (studio.inbox / f"e{number}.toml").write_text(asked)


def _append(studio: Studio, home: Path) -> None:
    """The files to which lines are added lead to a shell's start file."""
    _archives(studio, lambda file: file.symlink_to(home / ".bashrc"), local.machine())


def _note(kind: str, studio: Studio, home: Path) -> None:
    (studio.inbox / "bad.toml").write_text("promt=1")
    note = studio.failed / "bad.toml.error.txt"
    ways = {
        "giant": _sparse,
        "folder": Path.mkdir,
        "link": lambda path: path.symlink_to(home / "secret.txt"),
    }
    ways[kind](note)


def _place(path: str, kind: str, studio: Studio, home: Path) -> None:
    place = studio.root / path
    with suppress(OSError):
        place.rmdir()
    ways = {"pipe": os.mkfifo, "file": Path.touch, "folder": Path.mkdir, "giant": _sparse}
    ways[kind](place)


LEDGER = b"\xff\xfe" * 90_000 + b"\n" + b"[" * 200_000 + b"\n{}\nnull\n\0\n" + b'"' + b"x" * 10**6

TAMPERED: dict[str, tuple[Tamper, ...]] = {
    "archives that are no files": (lambda s, home: _archives(s, os.mkfifo),),
    "archives that are folders": (lambda s, home: _archives(s, Path.mkdir),),
    "archives that are giants": (lambda s, home: _archives(s, _sparse),),
    "archives of ours that are pipes": (lambda s, home: _archives(s, os.mkfifo, local.machine()),),
    "archives of ours that are folders": (
        lambda s, home: _archives(s, Path.mkdir, local.machine()),
    ),
    "archives that lead to a start file": (_append,),
    "other ledgers": (
        lambda s, home: _sparse(s.ledger / "a.jsonl"),
        lambda s, home: (s.ledger / "b.jsonl").mkdir(),
        lambda s, home: (s.ledger / "c.jsonl").symlink_to("c.jsonl"),
        lambda s, home: (s.ledger / "d.jsonl").write_bytes(LEDGER),
        lambda s, home: os.mkfifo(s.ledger / "e.jsonl"),
        lambda s, home: (s.ledger / "f.jsonl").symlink_to(home / "secret.txt"),
    ),
    "forged moves": (_moves,),
    "forged numbers": (_numbers,),
    "a note that is a giant": (lambda s, home: _note("giant", s, home),),
    "a note that is a folder": (lambda s, home: _note("folder", s, home),),
    "a note that is a link": (lambda s, home: _note("link", s, home),),
    "done that is a file": (lambda s, home: _place("inbox/done", "file", s, home),),
    "failed that is a pipe": (
        lambda s, home: _place("inbox/failed", "pipe", s, home),
        lambda s, home: (s.inbox / "bad.toml").write_text("promt=1"),
    ),
    "profiles in a long chain": (
        lambda s, home: [
            (s.profiles / f"p{n}.toml").write_text(f'extends="p{n + 1}"\n') for n in range(300)
        ],
    ),
    "models where none may be": (_sources,),
    "word lists of a stranger": (
        _words,
        lambda s, home: s.wildcards.joinpath("l").symlink_to(home),
    ),
    "deep trees": tuple(
        lambda s, home, room=room: _deep(s.root / room, 400)
        for room in ("inbox", "drafts", "final", "wildcards")
    ),
    "names": (_names,),
    "names of pictures": (_pictures,),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_studio(studio: Studio, tmp_path: Path, name: str) -> None:
    """The honest prompt is drawn, or waits; nothing of the owner's is read, moved or changed."""
    studio.settings.write_text("settle_seconds = 0.05\nlook_seconds = 1\nkeep_free_gb = 0\n")
    (studio.inbox / "canary.toml").write_text('prompt = "a windmill"\ncount = 1\n')
    local.make_folder(local.folder(studio.root))
    canary = Canary(tmp_path / "home")
    for tamper in TAMPERED[name]:
        tamper(studio, tmp_path / "home")
    said = Said()
    daemon = Daemon(studio, said, executor=FakeExecutor(slots=1))
    try:
        daemon.run(Until(idle=True))
    finally:
        daemon.close()
    canary.close()
    waits = any("has to wait" in sentence for sentence in said.sentences)
    assert list(studio.drafts.glob("windmill*.png")) or waits, said.sentences


MARKERS: dict[str, Callable[[Path], object]] = {
    "pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "giant": _sparse,
    "deep": lambda file: file.write_text("[" * 100_000),
    "bytes": lambda file: file.write_bytes(b'{"salt":"\xff\xfe"}'),
    "huge number": lambda file: file.write_text('{"salt":' + "9" * 5000 + "}"),
    "half a character": lambda file: file.write_text('{"salt":"\\ud800"}'),
    "link": lambda file: (file.unlink(), file.symlink_to("/etc/passwd")),
}


@pytest.mark.parametrize("name", MARKERS)
def test_a_tampered_marker(studio: Studio, name: str) -> None:
    """The studio is not taken for one, and it is said what to do."""
    MARKERS[name](studio.marker)
    with pytest.raises(StudioMissingError, match="put it back from a backup"):
        layout.find(studio.root)


SETTINGS: dict[str, Callable[[Path], object]] = {
    "pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "folder": lambda file: (file.unlink(), file.mkdir()),
    "deep": lambda file: file.write_text("a=" + "[" * 5000),
    "deep keys": lambda file: file.write_text(".".join(["a"] * 50_000) + "=1\n"),
    "giant": _sparse,
    "link": lambda file: (file.unlink(), file.symlink_to("/etc/passwd")),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_tampered_settings(studio: Studio, name: str) -> None:
    """They are refused in a sentence that names the file."""
    SETTINGS[name](studio.settings)
    with pytest.raises(MistakesError, match=r"^hotfolder\.toml(, [^:]+)?: \w") as error:
        read_config(studio)
    assert str(error.value).isprintable()


def test_a_folder_exchanged_when_the_note_appears(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that had the mistake is not there any more; the victim's of that name stays."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.toml").write_text("private")
    sub = studio.inbox / "sub"
    sub.mkdir()
    (sub / "a.toml").write_text("promt = 1")
    real = moves._note

    def exchanged(studio: Studio, path: str, text: str) -> str:
        note = real(studio, path, text)
        sub.rename(studio.inbox / "kept")
        sub.symlink_to(victim)
        return note

    monkeypatch.setattr(moves, "_note", exchanged)
    with pytest.raises(NotADirectoryError):
        moves.set_aside(studio, BrokenFile("inbox/sub/a.toml", "it is wrong"))  # type: ignore[arg-type]
    assert (victim / "a.toml").read_text() == "private"
    assert not (studio.failed / "sub/a.toml").exists()
