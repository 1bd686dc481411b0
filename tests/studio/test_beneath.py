"""Nothing leads out of a studio, whatever somebody puts into it and whenever."""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

import hotfolder
from hotfolder.errors import PictureError
from hotfolder.studio import beneath

Prepare = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "studio"
    for name in (".hotfolder", "inbox/sub"):
        (made / name).mkdir(parents=True)
    (made / "inbox/sub/a.txt").write_text("a castle")
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Somebody's private folder with what nobody may read, move or change."""
    made = tmp_path / "home"
    made.mkdir()
    (made / "a.txt").write_text("secret")
    return made


def state(folder: Path) -> dict[str, tuple[str, int]]:
    found = {}
    for path in folder.rglob("*"):
        text = path.read_text() if path.is_file() else ""
        found[path.relative_to(folder).as_posix()] = text, path.lstat().st_mtime_ns
    return found


ACTIONS: dict[str, Callable[[Path], object]] = {
    "read": lambda root: beneath.read(root, "inbox/sub/a.txt", 100),
    "append": lambda root: beneath.append_line(root, "inbox/sub/a.txt", b"more"),
    "append to a new one": lambda root: beneath.append_line(root, "inbox/sub/b.txt", b"more"),
    "create": lambda root: beneath.create(root, "inbox/sub/b.txt", b"new"),
    "unlink": lambda root: beneath.unlink(root, "inbox/sub/a.txt"),
    "rename": lambda root: beneath.rename(root, "inbox/sub/a.txt", "inbox/b.txt"),
    "rename into": lambda root: beneath.rename(root, "inbox/c.txt", "inbox/sub/b.txt"),
    "make a folder": lambda root: beneath.make_folder(root, "inbox/sub/new"),
    "copy attributes": lambda root: beneath.copy_attributes(
        root, "inbox/c.txt", root, "inbox/sub/a.txt"
    ),
    "replace": lambda root: beneath.replace(root, "inbox/c.txt", "inbox/sub/a.txt"),
}


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("linked", ["inbox/sub", "inbox"])
def test_a_folder_that_is_a_link(root: Path, home: Path, name: str, linked: str) -> None:
    """Whatever is done, nothing behind a link is read, moved, made or changed."""
    (root / "inbox/c.txt").write_text("ours")
    if linked == "inbox":
        (home / "sub").mkdir()
        (home / "sub/a.txt").write_text("secret")
        (home / "c.txt").write_text("secret")
    (root / linked).rename(root / "kept")
    (root / linked).symlink_to(home)
    before = state(home)
    with pytest.raises(NotADirectoryError, match="a link"):
        ACTIONS[name](root)
    assert state(home) == before


@pytest.mark.parametrize("name", ["read", "append", "copy attributes"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file(root: Path, home: Path, name: str, kind: str) -> None:
    """A link, a pipe or a folder in a file's place is refused at once, and nothing is made."""
    (root / "inbox/c.txt").write_text("ours")
    file = root / "inbox/sub/a.txt"
    file.unlink()
    if kind == "link":
        file.symlink_to(home / "a.txt")
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.mkdir()
    with pytest.raises(OSError if name == "append" else PictureError):
        ACTIONS[name](root)
    assert state(home)["a.txt"][0] == "secret"


@pytest.mark.parametrize("path", ["../home/a.txt", "/etc/passwd", "inbox/../../home/a.txt", "a//b"])
def test_paths_that_lead_out(root: Path, home: Path, path: str) -> None:
    """They are refused before anything is looked at."""
    with pytest.raises(PermissionError, match="leads out"):
        beneath.read(root, path, 10)


def test_another_file_in_its_place(root: Path) -> None:
    """The file that was meant is moved, or none; the other one stays where it is."""
    known = beneath.status(root, "inbox/sub/a.txt")
    (root / "inbox/sub/a.txt").rename(root / "inbox/sub/kept.txt")
    (root / "inbox/sub/a.txt").write_text("another")
    with pytest.raises(FileNotFoundError, match="another file"):
        beneath.rename(root, "inbox/sub/a.txt", "inbox/b.txt", known)
    assert (root / "inbox/sub/a.txt").read_text() == "another"
    assert not (root / "inbox/b.txt").exists()


def test_an_exchange_amid_the_move(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that becomes a link after it was looked at loses: the move happens inside."""
    real = beneath._rename

    def exchanged(old: beneath.Place, new: beneath.Place) -> None:
        (root / "inbox/sub").rename(root / "inbox/kept")
        (root / "inbox/sub").symlink_to(home)
        monkeypatch.setattr(beneath, "_rename", real)
        real(old, new)

    before = state(home)
    monkeypatch.setattr(beneath, "_rename", exchanged)
    beneath.rename(root, "inbox/sub/a.txt", "inbox/b.txt")
    assert (root / "inbox/b.txt").read_text() == "a castle"
    assert state(home) == before


def test_a_sparse_giant(root: Path) -> None:
    """No more is read than was asked for."""
    with (root / "inbox/giant.txt").open("wb") as stream:
        stream.truncate(60 * 10**9)
    assert len(beneath.read(root, "inbox/giant.txt", 1000)) == 1001


def test_files(root: Path, home: Path) -> None:
    """Links and special files are left out, and so is what lies deeper than people put things."""
    (root / "inbox/link.txt").symlink_to(home / "a.txt")
    (root / "inbox/up").symlink_to("..")
    os.mkfifo(root / "inbox/pipe.txt")
    deep = root.joinpath("inbox", *["d"] * (beneath.DEEPEST + 8))
    deep.mkdir(parents=True)
    (deep / "x.txt").write_text("deep")
    assert list(beneath.files(root, "inbox")) == ["inbox/sub/a.txt"]
    assert beneath.names(root, "inbox") == ["d", "link.txt", "pipe.txt", "sub", "up"]


def test_without_descriptors(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a system has none, as Windows, links on the way and at the end are refused as well."""
    monkeypatch.setattr(beneath, "_DESCRIPTORS", False)
    assert beneath.read(root, "inbox/sub/a.txt", 100) == b"a castle"
    beneath.make_folder(root, "inbox/done/deep")
    beneath.rename(root, "inbox/sub/a.txt", "inbox/done/deep/a.txt")
    beneath.append_line(root, "inbox/done/deep/a.txt", b"more")
    assert list(beneath.files(root, "inbox")) == ["inbox/done/deep/a.txt"]
    (root / "inbox/sub").rmdir()
    (root / "inbox/sub").symlink_to(home)
    (root / "inbox/l.txt").symlink_to(home / "a.txt")
    for path in ("inbox/sub/a.txt", "inbox/l.txt"):
        with pytest.raises((NotADirectoryError, PictureError)):
            beneath.read(root, path, 10)
    with pytest.raises(FileNotFoundError):
        beneath.read(root, "inbox/gone/a.txt", 10)


def test_append_line(root: Path) -> None:
    """Each line is whole, whatever a crash left of the last one; a new file is no program."""
    assert beneath.append_line(root, "inbox/log", b"one") == (0, 4)
    with (root / "inbox/log").open("ab") as stream:
        stream.write(b"to")
    beneath.append_line(root, "inbox/log", b"three")
    assert (root / "inbox/log").read_bytes() == b"one\nto\nthree\n"
    assert not stat.S_IMODE((root / "inbox/log").stat().st_mode) & 0o111


WRITES = {
    "open", "fdopen", "rename", "renames", "replace", "unlink", "remove", "rmdir", "removedirs",
    "mkdir", "makedirs", "link", "symlink", "truncate", "scandir", "walk", "fwalk", "listdir",
    "chmod", "chown", "utime", "mkfifo", "mknod",
}  # fmt: skip
PATHS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "rmdir", "mkdir",
    "touch", "symlink_to", "hardlink_to", "glob", "rglob", "iterdir", "chmod", "rename",
}  # fmt: skip
ELSEWHERE = {
    "studio/beneath.py": "the room itself",
    "studio/entries.py": "what the room opens and lists with",
    "studio/store/local.py": "this machine's state",
    "studio/store/turns.py": "this machine's state",
    "studio/store/journal.py": "this machine's state",
    "studio/store/elsewhere.py": "this machine's state",
    "studio/store/located.py": "this machine's state",
    "studio/store/twins.py": "this machine's state",
    "studio/scan/apart.py": "this machine's state",
    "studio/scan/cache.py": "this machine's state",
    "studio/scan/watch.py": "opens the marker to hear whether the watch is alive",
    "studio/config/owners_file.py": "the owner's own settings, which lie in no studio",
    "studio/create.py": "makes the root itself, where the owner wants it",
    "checksum.py": "the owner's models, and the hashes of them that are kept",
    "shelves.py": "the owner's folders of LoRAs",
    "replacement.py": "files of this machine",
    "renders.py": "states of renders, in local state",
    "executors/frames.py": "standard output",
    "executors/chain.py": "states of renders, in local state",
    "render": "the owner's models, and states of renders",
    "credentials/certificate.py": "the owner's keys",
    "tuning/session.py": "what is learned from, in local state",
    "commands/tune.py": "the same",
    "services": "the service managers' own folders",
    "report/logs.py": "the log, in local state",
    "report/terminal.py": "standard output",
    "light/auth.py": "who may come in, in local state",
    "light/index_file.py": "an index, in local state",
    "light/again.py": "a temporary folder of its own",
    "light/acts.py": "what was thrown away, in local state",
    "light/app.py": "the page, in the package",
    "gallery": "another folder, where the owner wants it",
    "commands/demo.py": "a studio that was made a moment ago",
    "commands/models.py": "the owner's models",
    "commands/export.py": "another folder, where the owner wants it",
    "commands/regenerate.py": "another folder, where the owner wants it",
    "commands/restore.py": "another folder, where the owner wants it",
    "commands/sheet.py": "another folder, where the owner wants it",
    "arguments.py": "names of profiles, for a shell's completion",
    "modules.py": "the package itself",
    "json_schemas.py": "a checkout",
    "explanations": "the texts, in the package",
}
"""Modules and rooms that use files without that room, and why they may."""

NAMED_BY_THE_OWNER = (
    "api.py", "commands", "gallery", "studio/pictures.py", "studio/store/judgements.py",
)  # fmt: skip
"""Where files are read that need not lie in a studio; where they do, it is looked for."""


def _used(tree: ast.AST) -> set[str]:
    used = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        call = node.func
        if isinstance(call, ast.Name) and call.id == "open":
            used.add("open")
        elif isinstance(call, ast.Name) and call.id == "read_file":
            if len(node.args) < 3 and all(given.arg != "below" for given in node.keywords):
                used.add("read_file without below")
        elif isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name):
            if call.value.id == "os" and call.attr in WRITES:
                used.add(f"os.{call.attr}")
            elif call.value.id == "shutil" and call.attr not in {"disk_usage", "which"}:
                used.add(f"shutil.{call.attr}")
        if isinstance(call, ast.Attribute) and call.attr == "open":
            mode = node.args[0] if node.args else ast.Constant("r")
            if not (isinstance(mode, ast.Constant) and str(mode.value)[:1] in {"r", "w", "a", "x"}):
                continue  # of something else than a path
        if isinstance(call, ast.Attribute) and call.attr in PATHS:
            module = call.value.id if isinstance(call.value, ast.Name) else ""
            if module not in {"os", "beneath", "atomic", "local"}:
                used.add(f".{call.attr}")
    return used


def _places(name: str) -> set[str]:
    """A module's name, and those of the rooms that it is in."""
    return {name, *(parent.as_posix() for parent in PurePosixPath(name).parents)}


def test_only_one_room_touches_the_studio() -> None:
    """No other module opens, renames or lists files by their paths, but for those with a reason."""
    package = Path(hotfolder.__file__).parent
    found, needless = {}, set(ELSEWHERE)
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        used = _used(ast.parse(path.read_text("utf-8")))
        if _places(name) & set(NAMED_BY_THE_OWNER):
            used -= {"read_file without below"}
        if used and not _places(name) & set(ELSEWHERE):
            found[name] = sorted(used)
        needless -= _places(name) if used else set()
    assert found == {}
    assert needless - {"studio/beneath.py"} == set(), "exceptions that nothing needs any more"
