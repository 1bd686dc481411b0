"""Paperwork, with a crash after each of its steps."""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from hotfolder.history import Finishing
from hotfolder.jobs import Explain, Finish, Pick, PutBack, Reject, SetAside
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import atomic, moves
from hotfolder.studio.store.ledger import Ledger
from tests.forkserver import until

FINISH = Finish("inbox/a.txt", {"digest": 4})


class Crash(BaseException):
    """The program ends here."""


@pytest.fixture
def ledger(studio: Studio) -> Ledger:
    return Ledger(studio, "one")


def put(studio: Studio, *paths: str) -> None:
    for path in paths:
        (studio.root / path).parent.mkdir(parents=True, exist_ok=True)
        (studio.root / path).write_bytes(os.fsencode(path))


def lying(studio: Studio) -> list[str]:
    """The files below inbox/ and seeds/."""
    rooms = (studio.inbox, studio.seeds)
    found = [path for room in rooms for path in room.rglob("*") if path.is_file()]
    return sorted(atomic.relative(studio.root, path) for path in found)


def restarted(studio: Studio) -> Ledger:
    """The ledger of a new program that has looked after its predecessor's moves."""
    ledger = Ledger(studio, "one")
    moves.confirm(studio, ledger)
    return ledger


def crash_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, calls: int) -> None:
    """Let a function of the module work `calls` times; the next call ends the program."""
    real, left = getattr(module, name), [calls]

    def function(*arguments: Any, **more: Any) -> Any:
        if not left[0]:
            raise Crash
        left[0] -= 1
        return real(*arguments, **more)

    monkeypatch.setattr(module, name, function)


def test_finish(studio: Studio, ledger: Ledger) -> None:
    """A finished file lies in done/ as it was, and a later request begins after it."""
    put(studio, "inbox/a.txt")
    assert moves.finish(studio, ledger, FINISH) == "inbox/done/a.txt"
    assert lying(studio) == ["inbox/done/a.txt"]
    again = restarted(studio).history
    assert (again.base("digest"), again.unconfirmed_moves()) == (4, ())


def test_finish_in_a_subfolder_and_with_company(studio: Studio, ledger: Ledger) -> None:
    """Folders in the inbox are kept; files beside a picture follow its name."""
    put(studio, "inbox/sub/a.png", "inbox/sub/a.txt", "inbox/done/sub/a.png")
    job = Finish("inbox/sub/a.png", {"digest": 1}, ("inbox/sub/a.txt", "inbox/sub/a.xmp"))
    assert moves.finish(studio, ledger, job) == "inbox/done/sub/a-2.png"
    assert lying(studio) == [
        "inbox/done/sub/a-2.png",
        "inbox/done/sub/a-2.txt",
        "inbox/done/sub/a.png",
    ]


def test_finish_with_a_name_of_any_bytes(studio: Studio, ledger: Ledger) -> None:
    """A name that is no UTF-8 is moved and remembered like any other."""
    name = os.fsdecode(b"caf\xe9.txt")
    put(studio, f"inbox/{name}")
    moves.finish(studio, ledger, Finish(f"inbox/{name}", {"digest": 2}))
    assert lying(studio) == [f"inbox/done/{name}"]
    assert restarted(studio).history.base("digest") == 2


def test_a_crash_after_the_announcement(studio: Studio, ledger: Ledger) -> None:
    """The file was not moved: it stays, the plan finds it finished and it is announced again."""
    put(studio, "inbox/a.txt")
    ledger.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"digest": 4}))
    again = restarted(studio)
    assert again.history.base("digest") == 0
    assert lying(studio) == ["inbox/a.txt"]
    moves.finish(studio, again, FINISH)
    assert again.history.base("digest") == 4
    assert again.history.unconfirmed_moves() == ()


def test_a_crash_after_the_move(studio: Studio, ledger: Ledger) -> None:
    """The file was moved: that is confirmed, once."""
    put(studio, "inbox/done/a.txt")
    ledger.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"digest": 4}))
    again = restarted(studio).history
    assert (again.base("digest"), again.unconfirmed_moves()) == (4, ())
    before = [path.read_bytes() for path in studio.ledger.iterdir()]
    restarted(studio)
    assert [path.read_bytes() for path in studio.ledger.iterdir()] == before


def test_dropped_again_after_a_crash(studio: Studio, ledger: Ledger) -> None:
    """Moved, and dropped once more before the restart: the new file is a new request."""
    put(studio, "inbox/done/a.txt", "inbox/a.txt", "inbox/a.xmp")
    ledger.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"digest": 4}, ("inbox/a.xmp",)))
    assert restarted(studio).history.base("digest") == 4
    assert lying(studio) == ["inbox/a.txt", "inbox/a.xmp", "inbox/done/a.txt"]


def test_put_back_after_a_crash(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moved, and put back by its owner before the restart: it is a new request as well."""
    put(studio, "inbox/a.txt")
    crash_after(monkeypatch, Ledger, "append", 1)
    with pytest.raises(Crash):
        moves.finish(studio, ledger, FINISH)
    monkeypatch.undo()
    file, announced = studio.done / "a.txt", (studio.done / "a.txt").stat().st_ctime_ns
    until(
        lambda: os.utime(file) or file.stat().st_ctime_ns != announced, 10
    )  # clocks tick coarsely
    file.rename(studio.inbox / "a.txt")
    assert restarted(studio).history.base("digest") == 4
    assert lying(studio) == ["inbox/a.txt"]


def test_a_copy_of_the_studio_after_a_crash(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Announced, and not moved when a copy took the studio's place: it is no new request."""
    put(studio, "inbox/a.txt")
    crash_after(monkeypatch, atomic, "move", 0)
    with pytest.raises(Crash):
        moves.finish(studio, ledger, FINISH)
    monkeypatch.undo()
    away = studio.root.with_name("away")
    studio.root.rename(away)
    shutil.copytree(away, studio.root)
    assert (away / "inbox/a.txt").stat().st_ctime_ns < (studio.inbox / "a.txt").stat().st_ctime_ns
    again = restarted(studio)
    assert (again.history.base("digest"), len(again.history.unconfirmed_moves())) == (0, 1)
    moves.finish(studio, again, FINISH)
    assert again.history.unconfirmed_moves() == ()
    assert lying(studio) == ["inbox/done/a.txt"]


def test_a_crash_in_the_middle_of_a_rename(studio: Studio, ledger: Ledger) -> None:
    """Where a rename is a link and an unlink, a file under both names was moved."""
    put(studio, "inbox/a.txt", "inbox/a.xmp")
    ledger.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"digest": 4}, ("inbox/a.xmp",)))
    os.link(studio.inbox / "a.txt", studio.done / "a.txt")
    assert restarted(studio).history.base("digest") == 4
    assert lying(studio) == ["inbox/done/a.txt", "inbox/done/a.xmp"]


def test_file_systems_where_inodes_lie(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files with one link each are two files, whatever their numbers say: none is removed."""
    put(studio, "inbox/a.txt", "inbox/done/a.txt")
    ledger.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"digest": 4}))
    monkeypatch.setattr(os.path, "samestat", lambda one, other: True)
    moves.confirm(studio, ledger)
    assert lying(studio) == ["inbox/a.txt", "inbox/done/a.txt"]


def test_taken_away_after_a_crash(studio: Studio, ledger: Ledger) -> None:
    """Gone from both places: all was made, so the next drop is a new request."""
    ledger.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"digest": 4}))
    assert restarted(studio).history.base("digest") == 4


@pytest.mark.parametrize("count", range(4))
def test_a_crash_between_the_moves(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """A picture's text never stays behind alone, where it would ask for drafts of its own."""
    put(studio, "inbox/a.png", "inbox/a.txt", "inbox/a.xmp")
    job = Finish("inbox/a.png", {"digest": 4}, ("inbox/a.txt", "inbox/a.xmp"))
    crash_after(monkeypatch, atomic, "move", count)
    if count < 3:
        with pytest.raises(Crash):
            moves.finish(studio, ledger, job)
    else:
        moves.finish(studio, ledger, job)
    monkeypatch.undo()
    again = restarted(studio)
    if count == 0:
        assert lying(studio) == ["inbox/a.png", "inbox/a.txt", "inbox/a.xmp"]
        moves.finish(studio, again, job)
    assert lying(studio) == [f"inbox/done/a.{end}" for end in ("png", "txt", "xmp")]
    assert again.history.base("digest") == 4
    assert again.history.unconfirmed_moves() == ()


@pytest.mark.parametrize("entries", range(3))
def test_a_crash_between_the_entries(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, entries: int
) -> None:
    """However many of its entries a finish could write, a file dropped again is a new request."""
    put(studio, "inbox/a.txt")
    crash_after(monkeypatch, Ledger, "append", entries)
    if entries < 2:
        with pytest.raises(Crash):
            moves.finish(studio, ledger, FINISH)
    else:
        moves.finish(studio, ledger, FINISH)
    monkeypatch.undo()
    again = restarted(studio)
    if (studio.root / "inbox/a.txt").exists():
        moves.finish(studio, again, FINISH)
    put(studio, "inbox/a.txt")
    assert restarted(studio).history.base("digest") == 4
    assert lying(studio) == ["inbox/a.txt", "inbox/done/a.txt"]


def test_set_aside(studio: Studio) -> None:
    """A broken file lies in failed/, with a note that names it and says why."""
    put(studio, "inbox/a.toml")
    job = SetAside("inbox/a.toml", "line 3: expected a number")
    assert moves.set_aside(studio, job) == "inbox/failed/a.toml"
    assert lying(studio) == ["inbox/failed/a.toml", "inbox/failed/a.toml.error.txt"]
    note = (studio.failed / "a.toml.error.txt").read_text("utf-8")
    assert note.startswith("a.toml was not used, because:\n\nline 3: expected a number\n")


def test_two_broken_files_of_one_name(studio: Studio) -> None:
    """The second gets a name and a note of its own; the first keeps both."""
    for says in ("one", "two"):
        put(studio, "inbox/a.txt")
        moves.set_aside(studio, SetAside("inbox/a.txt", says))
    assert lying(studio) == [
        "inbox/failed/a-2.txt",
        "inbox/failed/a-2.txt.error.txt",
        "inbox/failed/a.txt",
        "inbox/failed/a.txt.error.txt",
    ]
    assert "one" in (studio.failed / "a.txt.error.txt").read_text()
    assert "two" in (studio.failed / "a-2.txt.error.txt").read_text()


@pytest.mark.parametrize("count", range(4))
def test_a_crash_while_setting_aside(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """A file is never in failed/ without its note, and setting aside again leaves one note."""
    put(studio, "inbox/a.png", "inbox/a.txt")
    job = SetAside("inbox/a.png", "why", ("inbox/a.txt",))
    crash_after(monkeypatch, atomic, "move", count)
    if count < 3:
        with pytest.raises(Crash):
            moves.set_aside(studio, job)
    monkeypatch.undo()
    if (studio.failed / "a.png").exists():
        assert (studio.failed / "a.png.error.txt").exists()
    assert (studio.root / "inbox/a.png").exists()
    moves.set_aside(studio, job)
    assert lying(studio) == [f"inbox/failed/a.{end}" for end in ("png", "png.error.txt", "txt")]


@pytest.mark.parametrize(
    "name",
    [
        "城" * 83 + ".txt",
        "x" * 251 + ".txt",
        "a b%20'.txt",
        pytest.param('\n".txt', marks=pytest.mark.posix("no name has these characters there")),
        "-x.txt",
    ],
)
def test_set_aside_with_any_name(studio: Studio, name: str) -> None:
    """The longest and the strangest names get a note too, twice."""
    for number in (1, 2):
        put(studio, f"inbox/{name}")
        moved = moves.set_aside(studio, SetAside(f"inbox/{name}", f"mistake {number}"))
        assert (studio.root / moved).read_text() == f"inbox/{name}"
    assert len(lying(studio)) == 4


def test_a_full_disk_leaves_the_file(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the note cannot be written, the file stays where it was."""

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    put(studio, "inbox/a.txt")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        moves.set_aside(studio, SetAside("inbox/a.txt", "why"))
    assert lying(studio) == ["inbox/a.txt"]


def test_explain(studio: Studio) -> None:
    """A note beside a picture, once for each thing that there is to say."""
    put(studio, "seeds/a.png")
    for _ in range(3):
        assert moves.explain(studio, Explain("seeds/a.png", "why")) == "seeds/a.png.error.txt"
    assert lying(studio) == ["seeds/a.png", "seeds/a.png.error.txt"]
    assert moves.explain(studio, Explain("seeds/a.png", "other")) == "seeds/a.png.error-2.txt"


XMP = {
    "{name}.xmp": "drafts/day/a.png.xmp",
    ".comments/{name}.xml": "drafts/day/.comments/a.png.xml",
}
PICK = Pick("drafts/day/a.png", "key", XMP)


def test_pick(studio: Studio, ledger: Ledger) -> None:
    """A starred draft lies in seeds/, whatever folder it was in; a taken name is left alone."""
    put(studio, "drafts/day/a.png", "seeds/a.png")
    assert moves.pick(studio, ledger, Pick("drafts/day/a.png", "key")) == "seeds/a-2.png"
    assert lying(studio) == ["seeds/a-2.png", "seeds/a.png"]
    assert (studio.seeds / "a-2.png").read_text() == "drafts/day/a.png"
    assert ledger.history.was_picked("key")


def test_sidecars_keep_matching_names(studio: Studio, ledger: Ledger) -> None:
    """They go along, under the new name; where one's name is taken, all get another."""
    put(studio, PICK.path, *XMP.values(), "seeds/a.png.xmp")
    assert moves.pick(studio, ledger, PICK) == "seeds/a-2.png"
    sidecars = ["seeds/.comments/a-2.png.xml", "seeds/a-2.png.xmp"]
    assert lying(studio) == sorted([*sidecars, "seeds/a-2.png", "seeds/a.png.xmp"])


def test_a_copy_leaves_the_draft(studio: Studio, ledger: Ledger) -> None:
    """Copied are the draft, its sidecars, and what is attached to them."""
    put(studio, PICK.path, *XMP.values())
    os.setxattr(studio.root / PICK.path, "user.baloo.rating", b"8")
    moves.pick(studio, ledger, replace(PICK, copy=True))
    assert lying(studio) == ["seeds/.comments/a.png.xml", "seeds/a.png", "seeds/a.png.xmp"]
    assert os.getxattr(studio.seeds / "a.png", "user.baloo.rating") == b"8"
    assert all((studio.root / path).exists() for path in (PICK.path, *XMP.values()))
    assert ledger.history.was_picked("key")


@pytest.mark.parametrize("count", range(4))
def test_a_crash_while_a_draft_is_picked(
    studio: Studio, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Whenever it happens, the sidecars follow their draft, or nothing has happened."""
    put(studio, PICK.path, *XMP.values())
    left = count

    def move(*paths: Any) -> str:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crash
        return real(*paths)

    real = atomic.move
    monkeypatch.setattr(atomic, "move", move)
    with suppress(Crash):
        moves.pick(studio, ledger, PICK)
    monkeypatch.undo()
    again = restarted(studio)
    moved = ["seeds/.comments/a.png.xml", "seeds/a.png", "seeds/a.png.xmp"]
    assert lying(studio) == (moved if count else [])
    assert again.history.was_picked("key") == bool(count)


def test_a_sidecar_that_is_gone_meanwhile(studio: Studio, ledger: Ledger) -> None:
    """Its picture is picked all the same."""
    put(studio, PICK.path)
    assert moves.pick(studio, ledger, PICK) == "seeds/a.png"


def test_reject_and_put_back(studio: Studio) -> None:
    """Rejected drafts lie in drafts/rejected/; a pick that is taken back lies in drafts/."""
    put(studio, PICK.path, *XMP.values())
    assert moves.reject(studio, Reject(PICK.path, XMP)) == "drafts/rejected/a.png"
    assert (studio.drafts / "rejected/.comments/a.png.xml").exists()
    put(studio, "seeds/b.png", "seeds/b.xmp")
    back = PutBack("seeds/b.png", {"{stem}.xmp": "seeds/b.xmp"})
    assert moves.put_back(studio, back) == "drafts/b.png"
    assert (studio.drafts / "b.xmp").exists()


def test_an_older_ledger(studio: Studio) -> None:
    """An announcement in a ledger of an older version is history: nothing is moved for it."""
    put(studio, "inbox/a.xmp", "inbox/done/a.txt")
    line = {"event": "finishing", "file": "inbox/a.txt", "to": "inbox/done/a.txt"}
    line |= {"through": {"d": 1}, "beside": ["inbox/a.xmp"]}
    (studio.ledger / "one.jsonl").write_text(json.dumps(line) + "\n")
    restarted(studio)
    assert lying(studio) == ["inbox/a.xmp", "inbox/done/a.txt"]


def test_a_forged_ledger(studio: Studio) -> None:
    """Two lines that would fetch a key and plant a program: nothing moves."""
    home = studio.root.parent / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id_rsa").write_text("secret")
    put(studio, "seeds/anything.png", "seeds/other.png", "wildcards/plant.txt")
    steal = {"../home/.ssh/id_rsa": "drafts/loot.txt"}
    plant = {"wildcards/plant.txt": "../home/.config/autostart/evil.desktop"}
    lines = [
        {"event": "picking", "file": "drafts/gone.png", "to": "seeds/anything.png", "picture": "1"},
        {"event": "picking", "file": "drafts/gone2.png", "to": "seeds/other.png", "picture": "2"},
    ]
    text = "".join(
        json.dumps(line | {"sidecars": sidecars}) + "\n"
        for line, sidecars in zip(lines, (steal, plant), strict=True)
    )
    for machine in ("one", "two"):
        (studio.ledger / f"{machine}.jsonl").write_text(text)
    restarted(studio)
    assert sorted(path.name for path in home.rglob("*")) == [".ssh", "id_rsa"]
    assert (studio.wildcards / "plant.txt").exists()
    assert not list(studio.drafts.iterdir())
