"""File names: whose they are, and what our pictures are called."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.errors import printable
from hotfolder.studio import names
from hotfolder.studio.names import (
    TEMPORARY,
    copied_from,
    is_conflict,
    is_inside,
    is_private_folder,
    is_temporary,
    slug,
)


@pytest.mark.parametrize(
    "name",
    [
        ".a.swp", "4913", "a.txt~", "sedAb12Cd", ".goutputstream-AB12", ".a.txt.Xy12Zw",
        ".syncthing.p.txt.tmp", "~syncthing~p.txt.tmp", "a.png.part", "a.png.filepart",
        "a.crdownload", "~$letter.txt", ".~lock.a.txt#", ".DS_Store", "._a.png", "Thumbs.db",
        "a.png_original", "a.png_exiftool_tmp", "#a.txt#", f"{TEMPORARY}0a1b.tmp", "A.PNG.PART",
    ],
)  # fmt: skip
def test_temporary(name: str) -> None:
    """Work in progress of editors, sync clients and systems, and our own."""
    assert is_temporary(name)


@pytest.mark.parametrize(
    "name",
    ["a.txt", "castle.part.txt", "sedan.txt", "sedation", "original.png", "tmp.txt", "49130",
     "a~b.txt", "城.png", "-dash.txt", "name\nline.txt", "desktop.ini.txt", "the_original.png"],
)  # fmt: skip
def test_not_temporary(name: str) -> None:
    """Names that only look a little like it are the owner's."""
    assert not is_temporary(name)


@given(st.from_regex(names._PLAIN, fullmatch=True))
@settings(max_examples=300)
def test_what_is_told_quickly_is_told_rightly(name: str) -> None:
    """No name that is taken for plain at once is one of a program's work in progress."""
    assert not names._TEMPORARY.search(name)


@pytest.mark.parametrize(
    "name",
    [
        "m.sync-conflict-20240131-235959-ABCDEF7.txt",
        "castle (Ada's conflicted copy 2024-01-31).txt",
        "castle (conflicted copy 2024-01-31 235959).png",
        "castle (PC's Conflicted Copy 2024-01-31).txt",
        "castle (Kollisionskopie 2024-01-31).txt",
        "castle (Adas modstridende kopi 2024-01-31).txt",
        "castle (Ada \u00e7ak\u0131\u015fan kopyas\u0131 2024-01-31).txt",
        "castle (Ada\uc758 \ucda9\ub3cc \uc0ac\ubcf8 2024-01-31).txt",
        "castle (# Name clash 2024-01-31 ab12 #).txt",
    ],
)
def test_conflict(name: str) -> None:
    """The copies that sync clients make when two machines changed one file."""
    assert is_conflict(name)


@pytest.mark.parametrize(
    "name",
    [
        "Romeo (Conflicts and all).txt",
        "A poem (the conflicted copyist).txt",
        "castle (conflicted copy 2024-01-31) again.txt",
        "sync-conflict.txt",
        "about .sync-conflict-20240131-235959-A and more.txt",
    ],
)
def test_no_conflict(name: str) -> None:
    """A title may hold the same words."""
    assert not is_conflict(name)


def test_private_folders() -> None:
    """Folders of sync clients, systems and servers; not the owner's."""
    for name in (".stversions", ".hotfolder", "@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found"):
        assert is_private_folder(name)
    for name in ("castles", "eaDir", "recycle", "@home"):
        assert not is_private_folder(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A castle by the sea", "castle-by-the-sea"),
        ("a castle, <lora:x:0.8> (stormy:1.2)", "castle-stormy-1-2"),
        ("海辺の城、夜", "海辺の城-夜"),
        ("cafe\u0301", "caf\u00e9"),
        ("हिन्दी", "हिन्दी"),
        ("ภูเขา", "ภูเขา"),
        ("🏰🌊", "picture"),
        ("\u2600\ufe0f", "picture"),
        ("", "picture"),
        ("../../etc/passwd", "etc-passwd"),
        ("under_score", "under-score"),
        ("x" * 60, "x" * 36),
        ("A", "a"),
        ("The", "the"),
        ("\U00020000" * 36, "\U00020000" * 30),
        ("two " + "y" * 60, "two"),
        ("城" * 60, "城" * 36),
    ],
)
def test_slug(text: str, name: str) -> None:
    """The first whole words of a prompt, in any script; a word where there are none."""
    assert slug(text) == name


@given(st.text(max_size=200))
def test_any_slug_is_a_name(text: str) -> None:
    """A slug fits into a name on any system, and is never hidden or a path."""
    name = slug(text)
    assert 0 < len(name) <= 36
    assert len(name.encode("utf-8")) <= 120
    assert not set(name) & set('/\\:*?"<>|\0\n. ')
    assert not name.startswith("-") and not is_temporary(f"{name}-7f3a9c2e.png")


def test_printable() -> None:
    """Control characters and broken bytes are shown as escapes; letters as they are."""
    assert printable("城 é.txt") == "城 é.txt"
    assert printable("a\nb\x1b[31m\udcff") == "a\\nb\\x1b[31m\\xff"


@pytest.mark.parametrize(
    ("path", "original"),
    [
        ("inbox/castle-LAPTOP.txt", "inbox/castle.txt"),
        ("inbox/castle-laptop-2.txt", "inbox/castle.txt"),
        ("inbox/sub/a-b-DESKTOP-7Q2.png", "inbox/sub/a-b.png"),
        ("inbox/a\nb-LAPTOP", "inbox/a\nb"),
        ("inbox/castle-TOWER.txt", None),
        ("inbox/-LAPTOP.txt", None),
        ("inbox/castleLAPTOP.txt", None),
        ("inbox/castle-LAPTOP-x.txt", None),
    ],
)
def test_copies_of_onedrive(path: str, original: str | None) -> None:
    """Only the names of machines that are known make a copy of a file."""
    assert copied_from(path, ["laptop", "DESKTOP-7Q2", "a+b"]) == original


@pytest.mark.parametrize("path", ["inbox/a.txt", "inbox/sub/a b.txt", "inbox/...", "inbox/é\udcff"])
def test_inside(path: str) -> None:
    """Paths below a room, whatever characters are in their names."""
    assert is_inside(path, "seeds", "inbox")


@pytest.mark.parametrize(
    "path",
    ["", "inbox", "inbox/", "/inbox/a", "inbox/../a", "inbox/a/..", "inbox/./a", "inbox//a",
     "inboxes/a", "../inbox/a", "inbox/a\0", "final/a"],
)  # fmt: skip
def test_not_inside(path: str) -> None:
    """What leads out of the room, or would be read as another path."""
    assert not is_inside(path, "inbox")


@pytest.mark.parametrize(
    "name",
    [
        "plan (Annas in Konflikt stehende Kopie 2026-01-02).txt",
        "plan (In Konflikt stehende Kopie von Anna 2026-01-02).txt",
        "plan (Copie en conflit de Anna 2026-01-02).txt",
        "plan (Copia en conflicto de Anna 2026-01-02).txt",
        "plan (Copia in conflitto di Anna 2026-01-02).txt",
        "plan (C\u00f3pia em conflito de Anna 2026-01-02).txt",
        "plan (Anna\u306e\u7af6\u5408\u30b3\u30d4\u30fc 2026-01-02).txt",
        "plan (\u043a\u043e\u043d\u0444\u043b\u0438\u043a\u0442 2026-01-02).txt",
        "plan (Case Conflict).txt",
        "plan_NAS_Jan-02-120000-2026_Conflict.txt",
        "plan (SFConflict anna@example.org 2026-01-02-12-00-00).txt",
        "plan [conflicted].txt",
        "plan.Conflict.txt",
    ],
)
def test_conflict_copies_of_all_programs(name: str) -> None:
    """In the languages of their users."""
    assert is_conflict(name)


@pytest.mark.parametrize(
    "name",
    [
        "plan.txt:Zone.Identifier",
        "castle.png.Zone.Identifier",
        "plan.lnk",
        "plan.url",
        "plan.txt.bak",
        "plan.txt.orig",
        "Icon\r",
        "ehthumbs.db",
        "plan.txt.!sync",
        "plan.txt.!qB",
        "plan.opdownload",
        "plan.txt.aria2",
        "plan.txt.crswap",
        "download.txt.dtapart",
        "plan.txt.sb-1a2b3c4d-AbCdEf",
        "plan.txt.kate-swp",
        "Sync.ffs_db",
    ],
)
def test_leftovers_are_left_alone(name: str) -> None:
    """Links, copies, unfinished downloads, where a file came from."""
    assert is_temporary(name)


@pytest.mark.parametrize(
    "name",
    ["Romeo (Conflicts and all).txt", "a conflict 2026-01-02.txt", "plan (1).txt", "Icons.txt"],
)
def test_titles_are_neither(name: str) -> None:
    """A person may write of conflicts."""
    assert not is_conflict(name)
    assert not is_temporary(name)
