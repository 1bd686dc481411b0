"""The ledger on disk."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfolder.history import Entry, Finished, Finishing, Made, Making, Picked, Unmade
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import ledger as ledgers
from hotfolder.studio.store import local
from hotfolder.studio.store.ledger import Ledger


def made(ordinal: int, request: str = "a") -> Made:
    return Made("draft", request, ordinal, f"{request}{ordinal}", f"drafts/{ordinal}.png")


def ordinals(ledger: Ledger) -> set[int]:
    return set(ledger.history.made("draft", "a"))


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    made = Studio(tmp_path)
    made.ledger.mkdir(parents=True)
    return made


@pytest.fixture
def folder(studio: Studio) -> Path:
    return studio.ledger


def test_entries_come_back(studio: Studio) -> None:
    """A new program reads what the one before wrote, entry by entry."""
    ledger = Ledger(studio, "one")
    move = Finishing("inbox/a.txt", "inbox/done/a.txt", {"a": 2}, ("inbox/a.xmp",))
    making = Making("draft", "a", 3, "a3", "drafts/3.png")
    for entry in (
        made(0),
        made(1),
        making,
        Making("draft", "a", 4, "a4", "drafts/4.png"),
        Unmade("a4"),
        move,
    ):
        ledger.append(entry)
    again = Ledger(studio, "one").history
    assert set(again.made("draft", "a")) == {0, 1}
    assert again.unconfirmed() == (making,)
    assert again.unconfirmed_moves() == (move,)


@given(st.text(max_size=20), st.text(st.characters(), max_size=20))
@settings(max_examples=40)
def test_any_name(tmp_path_factory: pytest.TempPathFactory, name: str, other: str) -> None:
    """Names of files come back whatever is in them: line ends, quotes, bytes that are no text."""
    studio = Studio(tmp_path_factory.mktemp("studio"))
    studio.ledger.mkdir(parents=True)
    name, other = (re.sub(r"[/\0\\:]", "_", text) for text in (name, other))
    move = Finishing(f"inbox/x{name}\udcff\n\u2028", f"inbox/done/x{other}", {other: 1})
    Ledger(studio, "one").append(move)
    assert Ledger(studio, "one").history.unconfirmed_moves() == (move,)


def test_what_has_happened_is_known_whatever_the_journal_takes(studio: Studio) -> None:
    """A picture that is entered is not made again because local state has no room."""
    ledger = Ledger(studio, "one")
    making = Making("draft", "a", 0, "a0", "drafts/0.png")
    ledger.append(making)
    journal = local.folder(studio.root) / "journal-one.jsonl"
    journal.unlink()
    journal.mkdir()
    with pytest.raises(OSError):
        ledger.append(made(0))
    assert ordinals(ledger) == ordinals(Ledger(studio, "two")) == {0}
    assert ledger.history.unconfirmed() == ()


def test_a_torn_last_line(studio: Studio, folder: Path) -> None:
    """A line cut off by a power cut is passed over, and does not spoil the next."""
    ledger = Ledger(studio, "one")
    ledger.append(made(0))
    ledger.append(made(1))
    file = folder / "one.jsonl"
    file.write_bytes(file.read_bytes()[:-10])
    again = Ledger(studio, "one")
    assert ordinals(again) == {0}
    again.append(made(2))
    assert ordinals(Ledger(studio, "one")) == {0, 2}


def test_a_line_torn_anywhere(studio: Studio, folder: Path) -> None:
    """Wherever the last line ends, the lines before it are read, and one written after it."""
    Ledger(studio, "one").append(made(0))
    file = folder / "one.jsonl"
    begin = file.stat().st_size
    Ledger(studio, "one").append(made(1))
    whole = file.read_bytes()
    for end in range(begin, len(whole) + 1):
        file.write_bytes(whole[:end])
        Ledger(studio, "one").append(made(2))
        assert {0, 2} <= ordinals(Ledger(studio, "one")) <= {0, 1, 2}


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"null", b"[" * 100_000, b'{"event":"later"}', b"\xff\xfe", b"\0" * 4096,
     b'{"event":"made","stage":"draft","request":"a","ordinal":-1,"recipe":"x","name":"drafts/y"}',
     b'{"event":"made","stage":"sketch","request":"a","ordinal":7,"recipe":"x","name":"drafts/y"}'],
)  # fmt: skip
def test_unreadable_lines(studio: Studio, folder: Path, line: bytes) -> None:
    """A line that is damaged, or of a later version, is passed over."""
    ledger = Ledger(studio, "one")
    ledger.append(made(0))
    with (folder / "one.jsonl").open("ab") as stream:
        stream.write(line + b"\n")
    ledger.append(made(1))
    assert ordinals(Ledger(studio, "one")) == {0, 1}
    ledger.reload()
    assert ordinals(ledger) == {0, 1}


def test_unknown_keys(studio: Studio, folder: Path) -> None:
    """An entry to which a later version added something is read."""
    Ledger(studio, "two").append(made(3))
    text = (folder / "two.jsonl").read_text()
    (folder / "two.jsonl").write_text(text.replace("}", ',"z":1}'))
    assert ordinals(Ledger(studio, "one")) == {3}


def test_announcements_are_no_part_of_it(studio: Studio, folder: Path) -> None:
    """They lie in local state; the ledger's file of this machine says only what has happened."""
    ledger = Ledger(studio, "one")
    ledger.append(Making("draft", "a", 0, "a0", "drafts/0.png"))
    ledger.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"a": 1}))
    assert not list(folder.iterdir())
    ledger.append(made(0))
    ledger.append(Finished("inbox/done/a.txt", {"a": 1}, "inbox/a.txt"))
    assert "ing" not in (folder / "one.jsonl").read_text()
    again = Ledger(studio, "one").history
    assert (again.unconfirmed(), again.unconfirmed_moves()) == ((), ())


FORGED = [
    {"event": "picking", "file": "drafts/gone.png", "to": "seeds/a.png", "picture": "k",
     "sidecars": {"drafts/a.xmp": "seeds/a.xmp"}},
    {"event": "finishing", "file": "inbox/a.txt", "to": "inbox/done/a.txt", "through": {"d": 1}},
    {"event": "making", "stage": "draft", "request": "a", "ordinal": 7, "recipe": "x",
     "name": "drafts/a.png"},
    {"event": "lost", "recipe": "x"},
]  # fmt: skip


@pytest.mark.parametrize("machine", ["one", "two"])
def test_announcements_that_somebody_wrote_into_a_ledger(
    studio: Studio, folder: Path, machine: str
) -> None:
    """They make this machine do nothing, whoever seems to have written them."""
    (folder / f"{machine}.jsonl").write_text("".join(f"{json.dumps(x)}\n" for x in FORGED))
    found = Ledger(studio, "one").history
    assert not found.unconfirmed() + found.unconfirmed_moves() + found.unconfirmed_picks()


OUTSIDE = ["../a", "/etc/a", "inbox/../../a", "a\0b", "", "inbox//a", "README.txt", "drafts"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_that_leads_elsewhere(studio: Studio, folder: Path, path: str) -> None:
    """An entry that names a file where none of its kind belongs is passed over."""
    entry = {"event": "finished", "to": path, "through": {"a": 5}, "file": "inbox/a.txt"}
    (folder / "two.jsonl").write_text(json.dumps(entry) + "\n")
    assert Ledger(studio, "one").history.base("a") == 0


def test_two_machines(studio: Studio, folder: Path) -> None:
    """Each writes a file of its own; a reload brings the other's news, once."""
    one, two = Ledger(studio, "one"), Ledger(studio, "two")
    one.append(made(0))
    two.append(made(1))
    assert {path.name for path in folder.iterdir()} == {"one.jsonl", "two.jsonl"}
    assert one.reload()
    assert ordinals(one) == {0, 1}
    assert not one.reload()
    two.append(made(2))
    assert one.reload()
    assert ordinals(one) == ordinals(Ledger(studio, "three")) == {0, 1, 2}
    assert not two.history.made("draft", "b")


def test_two_machines_of_one_name(studio: Studio) -> None:
    """Programs that share a file by accident read each other's entries all the same."""
    one, two = Ledger(studio, "box"), Ledger(studio, "box")
    one.append(made(0))
    two.append(made(1))
    one.append(made(2))
    one.reload()
    two.reload()
    assert ordinals(one) == ordinals(two) == {0, 1, 2}


def test_half_a_line_of_another_machine(studio: Studio, folder: Path) -> None:
    """A line that is still arriving is read when it is whole."""
    ledger = Ledger(studio, "one")
    two = Ledger(studio, "two")
    two.append(made(0))
    whole = (folder / "two.jsonl").read_bytes()
    (folder / "two.jsonl").write_bytes(whole[:20])
    ledger.reload()
    assert ordinals(ledger) == set()
    (folder / "two.jsonl").write_bytes(whole)
    assert ledger.reload()
    assert ordinals(ledger) == {0}


def test_a_replaced_file(studio: Studio, folder: Path) -> None:
    """A sync client puts back an older, shorter version, then a longer one: nothing is lost."""
    ledger, two = Ledger(studio, "one"), Ledger(studio, "two")
    two.append(made(0))
    short = (folder / "two.jsonl").read_bytes()
    two.append(made(1))
    two.append(made(2))
    long = (folder / "two.jsonl").read_bytes()
    ledger.reload()
    for data in (short, b"", long):
        (folder / "new").write_bytes(data)
        (folder / "new").replace(folder / "two.jsonl")
        ledger.reload()
        assert ordinals(ledger) == {0, 1, 2}
    assert ledger.history.totals()["draft"] == 3


def test_files_of_sync_clients(studio: Studio, folder: Path) -> None:
    """Their temp files and conflict copies are not read."""
    Ledger(studio, "two").append(made(3))
    text = (folder / "two.jsonl").read_bytes()
    (folder / "two.jsonl").unlink()
    for name in (".syncthing.two.jsonl", "two.sync-conflict-20240131-235959-ABCDEF7.jsonl"):
        (folder / name).write_bytes(text)
    assert ordinals(Ledger(studio, "one")) == set()


def test_a_folder_that_a_sync_client_left_out(studio: Studio, folder: Path) -> None:
    """An empty folder that was not copied is made; never the studio itself."""
    folder.rmdir()
    Ledger(studio, "one").append(made(0))
    assert ordinals(Ledger(studio, "one")) == {0}
    with pytest.raises(FileNotFoundError):
        Ledger(Studio(studio.root / "gone"), "one").append(made(0))
    assert not (studio.root / "gone").exists()


def test_announcements_of_another_machine(studio: Studio) -> None:
    """What another machine is about to do is its own business; what it did is everybody's."""
    one, two = Ledger(studio, "one"), Ledger(studio, "two")
    two.append(Making("draft", "a", 0, "a0", "drafts/x.png"))
    two.append(Finishing("inbox/a.txt", "inbox/done/a.txt", {"a": 1}))
    one.reload()
    assert (one.history.unconfirmed(), one.history.unconfirmed_moves()) == ((), ())
    one.append(Making("draft", "a", 1, "a1", "drafts/y.png"))
    two.append(Unmade("a1"))
    two.append(Finished("inbox/done/a.txt", {"a": 1}))
    one.reload()
    assert one.history.announced("a1")
    assert one.history.base("a") == 1


entries = st.sampled_from([made(0), made(1, "b"), Unmade("a0"), Finished("inbox/done/t", {"a": 1})])


@given(st.lists(st.tuples(st.sampled_from(["one", "two"]), entries), max_size=12))
@settings(max_examples=30, deadline=None)
def test_all_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, log: list[tuple[str, Entry]]
) -> None:
    """After a reload each machine knows what a newcomer reads."""
    studio = Studio(tmp_path_factory.mktemp("studio"))
    studio.ledger.mkdir(parents=True)
    ledgers = {name: Ledger(studio, name) for name in ("one", "two")}
    for name, entry in log:
        ledgers[name].append(entry)
    for ledger in ledgers.values():
        ledger.reload()
    for ledger in (*ledgers.values(), Ledger(studio, "new")):
        assert ordinals(ledger) == ({0} if any(e == made(0) for _, e in log) else set())
        assert ledger.history.base("a") == any(isinstance(e, Finished) for _, e in log)


def test_finished_elsewhere(studio: Studio) -> None:
    """What another machine finished while this one runs is told, once."""
    two = Ledger(studio, "two")
    two.append(Finished("inbox/done/old.txt", {"a": 1}, "inbox/old.txt"))
    one = Ledger(studio, "one")
    one.append(Finished("inbox/done/own.txt", {"a": 2}, "inbox/own.txt"))
    two.append(Finished("inbox/done/new-2.txt", {"a": 3}, "inbox/new.txt"))
    one.reload()
    assert one.finished_elsewhere() == {"inbox/new.txt"}
    assert one.finished_elsewhere() == set()


def test_what_somebody_adds_to_the_file_of_this_machine(studio: Studio, folder: Path) -> None:
    """It is history as another machine's is: nothing counts as picked or finished here by it."""
    ledger = Ledger(studio, "one")
    ledger.append(Picked("seeds/a.png", "mine"))
    ledger.append(Finished("inbox/done/a.txt", {"a": 2}, "inbox/a.txt"))
    forged = [
        {"event": "picked", "to": "seeds/b.png", "picture": "theirs"},
        {"event": "picked", "to": "seeds/c.png", "picture": "theirs too", "mac": "0" * 32},
        {"event": "finished", "to": "inbox/done/b.txt", "through": {"b": 3}, "file": "inbox/b.txt"},
    ]
    with (folder / "one.jsonl").open("a") as stream:
        stream.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in forged)
    ledger.reload()
    for known in (ledger.history, Ledger(studio, "one").history):
        assert known.was_picked("mine")
        assert not known.was_picked("theirs")
        assert not known.was_picked("theirs too")
        assert (known.base("a"), known.base("b")) == (2, 3)
    assert ledger.finished_elsewhere() == {"inbox/b.txt"}


def test_a_ledger_from_before_lines_were_signed(studio: Studio, folder: Path) -> None:
    """What stood there at the first look is this machine's own; what comes later is signed."""
    line = '{"event":"picked","to":"seeds/a.png","picture":"%s"}\n'
    (folder / "one.jsonl").write_text(line % "old")
    ledger = Ledger(studio, "one")
    assert ledger.history.was_picked("old")
    ledger.append(Picked("seeds/b.png", "new"))
    with (folder / "one.jsonl").open("a") as stream:
        stream.write(line % "forged")
    again = Ledger(studio, "one").history
    assert [again.was_picked(key) for key in ("old", "new", "forged")] == [True, True, False]


def test_a_long_ledger_comes_in_parts(
    studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start reads it whole; a look reads as much as takes no time, and goes on from there."""
    monkeypatch.setattr(ledgers, "_AT_ONCE", 1000)
    ledger = Ledger(studio, "one")
    lines = [json.dumps(msgspec.to_builtins(made(number))) + "\n" for number in range(100)]
    (folder / "two.jsonl").write_text("x" * 3000 + "\n" + "".join(lines))
    for _ in range(40):
        ledger.reload()
        if not ledger.has_more:
            break
    assert ordinals(ledger) == set(range(100))
    assert ordinals(Ledger(studio, "one")) == set(range(100))
    assert len(list(ledgers.entries(studio.root))) == 100
