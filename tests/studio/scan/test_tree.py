"""The mirror of a studio's folders, against the folders themselves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.studio import entries
from hotfolder.studio.scan import tree as tree_module
from hotfolder.studio.scan.tree import Changes, Tree, digest
from tests.forkserver import until
from tests.studio.clock import Clock


def files(tree: Tree) -> set[str]:
    return {path for room in tree.rooms.values() for path in room}


def put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_the_first_look(tmp_path: Path) -> None:
    """All files of the rooms, at any depth; nothing of done, failed, final and the rest."""
    read = [
        "inbox/a.txt",
        "drafts/x/y/a.png",
        "seeds/b.png",
        "profiles/p.toml",
        "wildcards/c/w.txt",
    ]
    put(tmp_path, *read, "hotfolder.toml", "inbox/done/a.txt", "inbox/failed/b.txt", "final/c.png")
    put(tmp_path, "README.txt", ".hotfolder/studio.json", "drafts/.stversions/a.png")
    put(tmp_path, "drafts/@eaDir/a.png", "drafts/.hidden.png", "inbox/a.txt~", "inbox/x/done/c.txt")
    tree = Tree(tmp_path)
    changes = tree.look_everywhere()
    assert changes.changed == files(tree) == {*read, "hotfolder.toml", "inbox/x/done/c.txt"}
    assert changes.gone == set()
    again = tree.look_everywhere()
    assert (again.changed, again.gone) == (set(), set())


def test_changes(tmp_path: Path) -> None:
    """A new, a rewritten and a removed file; what stayed is not named."""
    put(tmp_path, "inbox/a.txt", "inbox/b.txt", "inbox/c.txt")
    tree = Tree(tmp_path)
    tree.look_everywhere()
    (tmp_path / "inbox/a.txt").unlink()
    (tmp_path / "inbox/b.txt").write_text("longer than before")
    put(tmp_path, "inbox/d.txt")
    changes = tree.look_everywhere()
    assert (changes.changed, changes.gone) == ({"inbox/b.txt", "inbox/d.txt"}, {"inbox/a.txt"})


def test_hints(tmp_path: Path) -> None:
    """Only what is hinted at is looked at; hints about nothing of ours cost nothing."""
    put(tmp_path, "inbox/a.txt", "inbox/b.txt", "final/c.png", "inbox/done/d.txt")
    tree = Tree(tmp_path)
    assert tree.look_at(["inbox/a.txt"]).changed == {"inbox/a.txt"}
    nothing = tree.look_at(["final/c.png", "inbox/done/d.txt", "inbox/done", ".", "", "gone", "/"])
    assert (nothing.changed, nothing.gone) == (set(), set())
    assert tree.reading("inbox/a.txt") is not None
    assert tree.reading("inbox/b.txt") is None
    assert tree.reading("elsewhere/b.txt") is None


def test_a_folder_as_a_hint(tmp_path: Path) -> None:
    """A folder that comes or goes brings or takes all that is in it."""
    put(tmp_path, "drafts/x/a.png", "drafts/x/y/b.png", "drafts/xx.png")
    tree = Tree(tmp_path)
    assert tree.look_at(["drafts/x"]).changed == {"drafts/x/a.png", "drafts/x/y/b.png"}
    (tmp_path / "drafts/x").rename(tmp_path / "elsewhere")
    assert tree.look_at(["drafts/x"]).gone == {"drafts/x/a.png", "drafts/x/y/b.png"}


def test_links_and_special_files(tmp_path: Path) -> None:
    """Links to files and folders, pipes, and paths through a link are not there."""
    root, outside = tmp_path / "studio", tmp_path / "outside"
    put(root, "drafts/real/a.png")
    put(outside, "secret.png")
    (root / "drafts/link.png").symlink_to(outside / "secret.png")
    (root / "drafts/linked").symlink_to(outside)
    os.mkfifo(root / "drafts/pipe.png")
    hints = ["drafts/link.png", "drafts/linked", "drafts/linked/secret.png", "drafts/pipe.png"]
    tree = Tree(root)
    assert tree.look_at(hints).changed == set()
    assert tree.look_everywhere().changed == {"drafts/real/a.png"}


def test_a_folder_replaced_by_a_link(tmp_path: Path) -> None:
    """What was moved out of the studio is gone, though a link still leads to it."""
    put(tmp_path, "studio/drafts/x/a.png")
    tree = Tree(tmp_path / "studio")
    tree.look_everywhere()
    (tmp_path / "studio/drafts/x").rename(tmp_path / "x")
    (tmp_path / "studio/drafts/x").symlink_to(tmp_path / "x")
    assert tree.look_at(["drafts/x/a.png"]).gone == {"drafts/x/a.png"}


@pytest.mark.parametrize("folder", ["drafts/@eaDir", "drafts/.stversions", "inbox/done"])
def test_private_folders_as_hints(tmp_path: Path, folder: str) -> None:
    """A folder that is not read is not read by a hint either."""
    put(tmp_path, f"{folder}/a.png")
    assert Tree(tmp_path).look_at([folder, f"{folder}/a.png"]).changed == set()


def test_folders_with_names_of_temp_files(tmp_path: Path) -> None:
    """A folder may be called what no file may; a file like a private folder."""
    put(tmp_path, "drafts/old.tmp/a.png", "drafts/lost+found")
    tree = Tree(tmp_path)
    hinted = tree.look_at(["drafts/old.tmp", "drafts/lost+found"]).changed
    assert hinted == Tree(tmp_path).look_everywhere().changed
    assert hinted == {"drafts/old.tmp/a.png", "drafts/lost+found"}


def test_a_file_beside_the_rooms(tmp_path: Path) -> None:
    """A full look sees that the settings are gone, though no folder that it reads held them."""
    put(tmp_path, "hotfolder.toml")
    tree = Tree(tmp_path)
    tree.look_everywhere()
    (tmp_path / "hotfolder.toml").unlink()
    assert tree.look_everywhere().gone == {"hotfolder.toml"}


FOLDERS = [
    "drafts/x",
    "drafts/x/y",
    "drafts/z.tmp",
    "drafts/@eaDir",
    "inbox/done",
    "inbox",
    "seeds",
]
NAMES = ["a.png", "b.txt", "x", "z.tmp", ".h", "@eaDir"]
files_or_folders = st.builds(
    lambda folder, name: f"{folder}/{name}", st.sampled_from(FOLDERS), st.sampled_from(NAMES)
)
paths = st.sampled_from(FOLDERS) | files_or_folders
kinds = st.sampled_from(["write", "remove", "move", "folder", "link", "pipe"])
operations = st.tuples(kinds, paths, paths, st.sampled_from(["hint", "hint", "all", "later"]))


def operate(root: Path, kind: str, path: Path, other: Path) -> None:
    """One of the things that a person or a program does; impossible ones do nothing.

    Nothing is done through a linked folder: it would happen at a place that nobody hints at.
    """
    if any(above.is_symlink() for place in (path, other) for above in place.parents):
        return
    try:
        if kind == "remove" and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif kind == "remove":
            path.unlink()
        elif kind == "move":
            path.rename(other)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == "folder":
                path.mkdir()
            elif kind == "link":
                path.symlink_to(other)
            elif kind == "pipe":
                os.mkfifo(path)
            elif not os.path.lexists(path):  # or it would write through a link
                path.write_text(str(path))
    except OSError:
        pass


@pytest.mark.posix("pipes and links are among what is done")
@given(st.lists(operations, max_size=10))
@settings(max_examples=150, deadline=None)
def test_hints_tell_what_a_look_tells(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[tuple[str, str, str, str]]
) -> None:
    """With a hint for each path that was touched, the mirror is what a full look would make it."""
    root = tmp_path_factory.mktemp("studio")
    put(root, "drafts/x/a.png", "drafts/x/y/b.txt", "drafts/@eaDir/a.png", "drafts/z.tmp/b.txt")
    tree, params, waiting = Tree(root), set[str](), {"drafts"}
    for kind, path, other, scanner in sequence:
        operate(root, kind, root / path, root / other)
        waiting |= {path, other}
        if scanner == "later":
            continue
        changes = tree.look_everywhere() if scanner == "all" else tree.look_at(waiting)
        waiting = waiting if scanner == "all" else set()
        params = (params | changes.changed) - (changes.gone - changes.changed)
        fresh = Tree(root)
        fresh.look_everywhere()
        assert tree.rooms == fresh.rooms
        assert tree.digest % 2**64 == fresh.digest % 2**64 == digest(root) % 2**64
        assert {path for path in params if tree.reading(path)} == files(fresh)


def test_files_that_hold_marks(tmp_path: Path) -> None:
    """Hidden files beside pictures are read where programs keep marks in them, and only there."""
    read = [
        "drafts/a.png",
        "drafts/a.png.xmp",
        "drafts/._a.png",
        "drafts/.comments/a.png.xml",
        "drafts/x/.metadata/a.png.gq.xmp",
        "drafts/a.png_exiftool_tmp",
        "seeds/.comments/b.jpg.xml",
    ]
    put(tmp_path, *read, "inbox/.comments/a.png.xml", "inbox/._a.png", "drafts/.comments/a.png")
    put(tmp_path, "drafts/._notes.txt", "drafts/.hidden/.comments/a.png.xml", "drafts/a.png~")
    put(tmp_path, "drafts/.comments/x/a.png.xml", "drafts/.comments/notes.txt.xml")
    tree = Tree(tmp_path)
    assert tree.look_everywhere().changed == files(tree) == set(read)
    hinted = Tree(tmp_path)
    every = [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()]
    assert hinted.look_at(every).changed == set(read)
    assert Tree(tmp_path).look_at(["drafts/.comments", "drafts/x"]).changed == {read[3], read[4]}
    (tmp_path / read[3]).unlink()
    assert tree.look_at(["drafts/.comments/a.png.xml"]).gone == {read[3]}


class Quick:
    """A tree whose folders were the same for long enough to be passed over."""

    def __init__(self, root: Path, *paths: str) -> None:
        put(root, *paths)
        self.root, self.clock = root, Clock()
        self.tree = Tree(root, self.clock)
        self.tree.look_everywhere()
        self.scanner()

    def scanner(self) -> Changes:
        """A look that is not thorough, after the clocks of tree and disk have gone on."""
        self.clock.now += 3
        probe = self.root / "probe"
        probe.touch()
        before = probe.stat().st_ctime_ns
        until(lambda: os.utime(probe) or probe.stat().st_ctime_ns != before, 10)
        changes, complete = self.tree.look_on(lambda: False, thorough=False)
        assert complete
        return changes


def test_folders_without_changes_are_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a folder whose names have changed is listed again, and twice, to be sure of it."""
    quick = Quick(tmp_path, "drafts/x/a.png", "drafts/x/y/b.png", "inbox/a.txt", "seeds/c.png")
    listed: list[str] = []
    real = entries.scandir

    def counted(folder: str) -> object:
        listed.append(Path(folder).relative_to(tmp_path).as_posix())
        return real(folder)

    monkeypatch.setattr(entries, "scandir", counted)
    quick.scanner()
    assert listed == []
    put(tmp_path, "drafts/x/new.png")
    for times in (1, 2, 2, 2):
        quick.scanner()
        assert listed == ["drafts/x"] * times
    assert files(quick.tree) == {
        "drafts/x/a.png", "drafts/x/y/b.png", "drafts/x/new.png", "inbox/a.txt", "seeds/c.png"
    }  # fmt: skip


def test_a_quick_look_finds_what_comes_and_goes(tmp_path: Path) -> None:
    """New, vanished, renamed, replaced and rewritten files, at any depth, in empty folders too."""
    quick = Quick(tmp_path, *(f"drafts/x/{name}.png" for name in "abcde"), "seeds/f.png")
    (tmp_path / "drafts/empty/deep").mkdir(parents=True)
    quick.scanner()
    quick.scanner()
    (tmp_path / "drafts/x/a.png").unlink()
    (tmp_path / "drafts/x/b.png").rename(tmp_path / "drafts/x/bb.png")
    (tmp_path / "drafts/x/c.png").rename(tmp_path / "seeds/c.png")
    (tmp_path / "drafts/x/d.png").write_text("longer than before")
    put(tmp_path, "drafts/empty/deep/new.png")
    changes = quick.scanner()
    assert changes.gone == {"drafts/x/a.png", "drafts/x/b.png", "drafts/x/c.png"}
    assert changes.changed == {
        "drafts/x/bb.png", "seeds/c.png", "drafts/x/d.png", "drafts/empty/deep/new.png"
    }  # fmt: skip
    fresh = Tree(tmp_path)
    fresh.look_everywhere()
    assert quick.tree.rooms == fresh.rooms
    shutil.copytree(tmp_path / "drafts/x", tmp_path / "copy")
    shutil.rmtree(tmp_path / "drafts/x")
    (tmp_path / "copy").rename(tmp_path / "drafts/x")
    quick.scanner()
    fresh.look_everywhere()
    assert quick.tree.rooms == fresh.rooms


def test_a_changed_folder_is_read_by_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the files in it only those are asked that are new or have replaced another."""
    monkeypatch.setattr(tree_module, "_SOME", 0)
    monkeypatch.setattr(tree_module, "_ROUNDS", 100)
    quick = Quick(tmp_path, *(f"drafts/{number}.png" for number in range(10)))
    asked: list[str] = []
    real = tree_module._reading

    def counted(entry: os.DirEntry[str]) -> object:
        asked.append(entry.name)
        return real(entry)

    monkeypatch.setattr(tree_module, "_reading", counted)
    put(tmp_path, "drafts/new.png", "elsewhere.png")
    (tmp_path / "elsewhere.png").rename(tmp_path / "drafts/7.png")
    (tmp_path / "drafts/8.png").unlink()
    (tmp_path / "drafts/8.png").symlink_to("9.png")
    changes = quick.scanner()
    assert changes.changed == {"drafts/new.png", "drafts/7.png"}
    assert changes.gone == {"drafts/8.png"}
    assert sorted(asked) == ["7.png", "8.png", "new.png"]


def test_every_file_has_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file written to in silence is found after some rounds; a thorough look finds it at once."""
    monkeypatch.setattr(tree_module, "_SOME", 2)
    quick = Quick(tmp_path, *(f"drafts/{number}.png" for number in range(10)))
    quick.scanner()
    for path in (tmp_path / "drafts").iterdir():
        path.write_text("longer than before")
    found = [len(quick.scanner().changed) for _ in range(6)]
    assert found[:4] == [2, 2, 2, 2]
    assert sum(found) == 10
    (tmp_path / "drafts/7.png").write_text("x")
    assert quick.tree.look_everywhere().changed == {"drafts/7.png"}
