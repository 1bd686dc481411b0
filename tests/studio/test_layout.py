"""Making and finding studios."""

from __future__ import annotations

import errno
import os
import tomllib
from pathlib import Path

import msgspec
import pytest

from hotfolder.errors import EXIT_STUDIO_MISSING, HotfolderError, StudioMissingError
from hotfolder.json_schemas import schemas
from hotfolder.recipes import schema
from hotfolder.recipes.settings import LOCAL, Settings, Signing, Together
from hotfolder.studio import entries, layout
from hotfolder.studio.create import create
from hotfolder.studio.store import atomic


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_init(tmp_path: Path) -> None:
    """A new studio has its folders, its settings and a text for its owner; its inbox is empty."""
    studio, made = create(tmp_path / "deep" / "studio")
    texts = {"hotfolder.toml", "README.txt", ".hotfolder/studio.json"}
    assert set(contents(studio.root)) == texts | {
        f".hotfolder/schemas/{name}" for name in schemas()
    }
    folders = {path.relative_to(studio.root).as_posix() for path in studio.root.rglob("*/")}
    assert {"inbox/done", "inbox/failed", "drafts", "seeds", "final", "profiles", "wildcards"} <= (
        folders
    )
    assert [path for path in studio.inbox.rglob("*") if path.is_file()] == []
    assert studio.settings in made and studio.drafts in made


def test_init_again(tmp_path: Path) -> None:
    """A second time makes nothing and changes nothing."""
    studio, _ = create(tmp_path / "studio")
    before = contents(studio.root)
    again, made = create(tmp_path / "studio")
    assert (again, made) == (studio, ())
    assert contents(studio.root) == before


def test_init_among_files_of_the_owner(tmp_path: Path) -> None:
    """What is there already stays as it is, to the byte and the second."""
    theirs = {"README.txt": "mine", "hotfolder.toml": "settle_seconds = 3", "drafts/a.png": "x"}
    (tmp_path / "drafts").mkdir()
    for name, text in theirs.items():
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, ns=(1, 2))
    before = contents(tmp_path)
    studio, made = create(tmp_path)
    after = contents(tmp_path)
    assert {name: after[name] for name in theirs} == before
    assert studio.drafts not in made and studio.marker in made


def test_what_was_removed_is_made_again(tmp_path: Path) -> None:
    """An existing studio gets the folders that it lacks, and keeps its salt."""
    studio, _ = create(tmp_path / "studio")
    salt = studio.salt
    studio.seeds.rmdir()
    _, made = create(studio.root)
    assert made == (studio.seeds,)
    assert studio.salt == salt


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A studio is found by any path to it."""
    studio, _ = create(tmp_path / "studio")
    (tmp_path / "link").symlink_to("studio")
    monkeypatch.chdir(studio.drafts)
    for path in (studio.root, tmp_path / "link", Path("..")):
        assert layout.find(path) == studio


def test_two_studios_differ(tmp_path: Path) -> None:
    """Each studio has a salt of its own."""
    salts = {create(tmp_path / name)[0].salt for name in "abc"}
    assert len(salts) == 3
    assert all(len(salt) == 32 for salt in salts)


@pytest.mark.parametrize("marker", [None, "", "{", "[]", "{}", '"salt"', "null"])
def test_find_without_a_marker(tmp_path: Path, marker: str | None) -> None:
    """A folder without a marker is no studio, and one with a broken one is told: exit code 10."""
    studio, _ = create(tmp_path / "studio")
    studio.marker.unlink()
    if marker is not None:
        studio.marker.write_text(marker)
    says = "is not a studio; `hotfolder init" if marker is None else "is damaged or may not be read"
    with pytest.raises(StudioMissingError, match=says) as raised:
        layout.find(studio.root)
    assert raised.value.exit_code == EXIT_STUDIO_MISSING == 10


def test_find_nothing(tmp_path: Path) -> None:
    """A folder that is not there is named, with the command that makes it; it is not made."""
    with pytest.raises(StudioMissingError, match=r"there is no folder .*gone; `hotfolder init"):
        layout.find(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()


def test_settings_say_their_defaults(tmp_path: Path) -> None:
    """Every setting is in the commented file, with the value that holds without it."""
    studio, _ = create(tmp_path / "studio")
    text = studio.settings.read_text("utf-8")
    assert schema.convert(tomllib.loads(text), Settings) == Settings()
    lines = [
        line.removeprefix("# ")
        for line in text.splitlines()
        if line.startswith("[") or " = " in line
    ]
    table = tomllib.loads("\n".join(lines))
    table["photos"]["profile"] = None  # which TOML cannot say
    table["executor"] = LOCAL  # this and the next are a computer's own
    table["together"] = msgspec.to_builtins(Together())
    table["signing"] = msgspec.to_builtins(Signing())  # only the owner's own settings may have it
    assert table == msgspec.json.decode(msgspec.json.encode(Settings()))


def test_a_crash_of_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever `init` ends before its time there is no marker, and another `init` completes it."""
    real = atomic.place
    for calls in range(3):
        left = [calls]

        def place(root: Path, path: str, data: bytes, left: list[int] = left) -> bool:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return real(root, path, data)

        root = tmp_path / str(calls)
        with monkeypatch.context() as patch:
            patch.setattr(atomic, "place", place)
            with pytest.raises(KeyboardInterrupt):
                create(root)
        with pytest.raises(StudioMissingError, match="is not a studio"):
            layout.find(root)
        create(root)
        assert layout.find(root).salt


def test_init_with_a_broken_marker(tmp_path: Path) -> None:
    """A marker that says nothing is not overwritten; its owner is told what to do."""
    studio, _ = create(tmp_path / "studio")
    studio.marker.write_text("")
    with pytest.raises(StudioMissingError, match="is damaged or may not be read"):
        create(studio.root)
    assert studio.marker.read_text() == ""


def test_names_of_studios(tmp_path: Path) -> None:
    """A studio keeps its name wherever it is moved; another has another; the salt stays secret."""
    one, _ = create(tmp_path / "one")
    two, _ = create(tmp_path / "two")
    name = one.name
    assert name != two.name
    assert one.salt not in name
    one.root.rename(tmp_path / "elsewhere")
    assert layout.find(tmp_path / "elsewhere").name == name


def test_find_on_a_dead_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read is told in one sentence as well."""

    def fail(*arguments: object, **options: object) -> object:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    studio, _ = create(tmp_path / "studio")
    monkeypatch.setattr(Path, "stat", fail)
    monkeypatch.setattr(entries, "open_", fail)
    with pytest.raises(
        StudioMissingError, match="cannot be read: the connection to the disk is lost"
    ):
        studio.salt  # noqa: B018


def test_wrong_folders(tmp_path: Path) -> None:
    """A folder in a studio says in which; no studio is made there, at a file or below one."""
    studio, _ = create(tmp_path / "pics")
    before = contents(tmp_path)
    with pytest.raises(StudioMissingError, match=r"is a folder in the studio .*pics; name"):
        layout.find(studio.inbox / "done")
    with pytest.raises(StudioMissingError, match=r"README\.txt is a file"):
        layout.find(studio.root / "README.txt")
    with pytest.raises(HotfolderError, match=r"within the studio .*pics, .* place outside it"):
        create(studio.inbox / "new")
    with pytest.raises(HotfolderError, match=r"README\.txt is a file, and a studio is a folder"):
        create(studio.root / "README.txt" / "new")
    assert contents(tmp_path) == before
