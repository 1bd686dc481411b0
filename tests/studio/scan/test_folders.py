"""Folders in `inbox/` that say something for all below them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.errors import MistakesError
from hotfolder.history import History
from hotfolder.jobs import Explain, RenderDraft
from hotfolder.plan import plan
from hotfolder.prompts import folder
from hotfolder.snapshot import PromptFile, Snapshot
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.survey import Survey
from tests import samples
from tests.studio.clock import Clock


def write(studio: Studio, files: dict[str, str]) -> None:
    """Write files below `inbox/`."""
    for name, text in files.items():
        path = studio.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def looked_at(studio: Studio) -> Snapshot:
    """What lies there now."""
    return Survey(studio).look()


def only_file(studio: Studio) -> PromptFile:
    """The one prompt file."""
    (file,) = looked_at(studio).prompt_files
    return file


def test_a_folder_speaks_for_its_files(studio: Studio) -> None:
    """Profile, fixed words, count and shape; what a file says itself comes first."""
    says = (
        'profile = "sdxl"\nfixed = "oil painting"\nnegative = "people"\ncount = 7\naspect = "1:1"'
    )
    write(studio, {"work/folder.toml": says, "work/deep/a.txt": "a castle", "b.txt": "a boat"})
    files = {file.path: file.requests[0] for file in looked_at(studio).prompt_files}
    inside, outside = files["inbox/work/deep/a.txt"], files["inbox/b.txt"]
    assert (inside.profile_name, inside.count) == ("sdxl", 7)
    assert (inside.prompt.fixed, inside.prompt.negative) == (("oil painting",), "people")
    assert inside.profile.draft.aspect == "1:1"
    assert (outside.profile_name, outside.prompt.fixed) == ("postcard", ())
    write(studio, {"work/deep/a.txt": "2 drafts, tall, postcard\na castle"})
    (inside,) = (f.requests[0] for f in looked_at(studio).prompt_files if "deep" in f.path)
    assert (inside.profile_name, inside.count) == ("postcard", 2)
    assert inside.profile.draft.aspect == "9:16 to 2:3"


def test_folders_in_one_another(studio: Studio) -> None:
    """The inner one decides; fixed words of both are added."""
    write(studio, {"a/folder.toml": 'count = 5\nfixed = "fog"\npriority = 1\nsize = "64x64"'})
    write(studio, {"a/b/folder.toml": 'count = 3\nfixed = ["ink", "paper"]\naspect = "1:1"'})
    write(studio, {"a/b/x.txt": "a castle"})
    (request,), file = only_file(studio).requests, only_file(studio)
    assert (request.count, request.prompt.size, file.priority) == (3, None, 1)
    assert request.prompt.fixed == ("fog", "ink", "paper")


def test_a_folder_that_is_called_as_a_profile(studio: Studio) -> None:
    """Its files are drawn by that one, unless its own file or they say otherwise."""
    write(studio, {"sdxl/castles/a.txt": "a castle"})
    assert only_file(studio).requests[0].profile_name == "sdxl"
    (studio.inbox / "sdxl").rename(studio.inbox / "SDXL")
    assert only_file(studio).requests[0].profile_name == "sdxl"
    (studio.inbox / "SDXL").rename(studio.inbox / "sdxl")
    write(studio, {"sdxl/folder.toml": 'profile = "sd15"'})
    assert only_file(studio).requests[0].profile_name == "sd15"


def test_a_prompt_in_each_line_of_a_folder(studio: Studio) -> None:
    """As the studio's setting, for this folder."""
    write(studio, {"lists/folder.toml": 'one_prompt_per = "line"', "lists/a.txt": "a hill\na lake"})
    assert [r.prompt.text for r in only_file(studio).requests] == ["a hill", "a lake"]


@pytest.mark.parametrize(
    ("text", "minute", "is_open"),
    [
        ("22:00 to 07:00", 23 * 60, True),
        ("22:00 to 07:00", 6 * 60 + 59, True),
        ("22:00 to 07:00", 7 * 60, False),
        ("9:30 to 17:00", 9 * 60 + 29, False),
        ("22:00-07:00", 23 * 60, True),
        ("22:00 \u2013 07:00", 8 * 60, False),
        ("9:30 to 17:00", 9 * 60 + 30, True),
        ("00:00 to 24:00", 5, True),
        ("08:00 to 24:00", 23 * 60 + 59, True),
        ("08:00 to 24:00", 0, False),
    ],
)
def test_windows(text: str, minute: int, is_open: bool) -> None:
    """Over midnight as well."""
    assert folder.is_open(text, minute) == is_open


def test_a_folder_with_a_time_of_its_own(studio: Studio) -> None:
    """Its files wait and say for what; no clock but the given one is asked."""
    write(studio, {"night/folder.toml": 'only = "22:00 to 07:00"', "night/a.txt": "a castle"})
    minutes = iter([12 * 60, 22 * 60])
    scanner = Scanner(studio, waits=False, minute=lambda: next(minutes))
    scanner.refresh()
    while scanner.busy:
        scanner.refresh(set())
    noon = scanner.snapshot()
    assert not noon.prompt_files
    assert noon.waiting == {"inbox/night/a.txt": "its folder is used only from 22:00 to 07:00"}
    assert [file.path for file in scanner.snapshot().prompt_files] == ["inbox/night/a.txt"]


def test_priority(studio: Studio) -> None:
    """All drafts of the folder that comes first, then the others in turn."""
    write(studio, {"a.txt": "2 drafts\na hill", "b.txt": "2 drafts\na lake"})
    write(studio, {"soon/folder.toml": "priority = 5", "soon/c.txt": "2 drafts\na castle"})
    survey = Survey(studio)
    jobs = plan(survey.look(), History(), survey.config)
    drafts = [job.path for job in jobs if isinstance(job, RenderDraft)]
    assert drafts[:2] == ["inbox/soon/c.txt"] * 2
    assert sorted(drafts[2:4]) == ["inbox/a.txt", "inbox/b.txt"]


@pytest.mark.parametrize("name", ["Folder.toml", "folder.toml.txt", "FOLDER.TOML"])
def test_a_folders_file_by_another_name(studio: Studio, name: str) -> None:
    """Windows hides endings, and some keyboards begin with a capital."""
    write(studio, {f"sub/{name}": "count = 3", "sub/a.txt": "a castle"})
    assert only_file(studio).requests[0].count == 3


@pytest.mark.parametrize("name", ["PAUSE", "PAUSE.txt", "pause.txt", "Pause"])
def test_a_pause(studio: Studio, name: str) -> None:
    """In `inbox/` it is for all rendering, in a folder for that folder."""
    write(studio, {"a.txt": "a hill", "sub/b.txt": "a lake", f"sub/{name}": ""})
    snapshot = looked_at(studio)
    assert [file.path for file in snapshot.prompt_files] == ["inbox/a.txt"]
    assert snapshot.waiting == {
        "inbox/sub/b.txt": f"there is a file inbox/sub/{name}; remove it to go on"
    }
    assert snapshot.paused == ""
    (studio.inbox / "sub" / name).rename(studio.inbox / name)
    data = samples.sample("public/i01-automatic-schedule.png")
    (studio.seeds / "a.png").write_bytes(data)
    survey = Survey(studio)
    snapshot = survey.look()
    assert snapshot.paused == f"inbox/{name}"
    assert len(snapshot.prompt_files) == 2 and not snapshot.waiting
    assert snapshot.seeds and not list(plan(snapshot, History(), survey.config))


def test_a_folders_mistake_is_told(studio: Studio) -> None:
    """In a note beside its file; what lies in it waits, and nothing else does."""
    write(studio, {"x/folder.toml": 'priorty = 3\nonly = "at night"', "x/a.txt": "a hill"})
    write(studio, {"b.txt": "a lake"})
    survey = Survey(studio)
    snapshot = survey.look()
    assert [file.path for file in snapshot.prompt_files] == ["inbox/b.txt"]
    assert snapshot.waiting["inbox/x/a.txt"] == "its folder's folder.toml has a mistake"
    first, *_ = plan(snapshot, History(), survey.config)
    assert isinstance(first, Explain)
    assert first.path == "inbox/x/folder.toml"
    assert "priorty: unknown key; did you mean 'priority'?" in first.says
    assert 'expected times of the day like "22:00 to 07:00", got "at night"' in first.says
    survey.scanner.explained(first.path)
    assert not survey.scanner.snapshot().unclear


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('prompt = "a castle"', "prompt: unknown key"),
        ('only = "25:00 to 03:00"', "only: expected times of the day"),
        ("priority = 1000", "priority: expected a whole number"),
        ("count = ", "expected a value after ="),
    ],
)
def test_what_a_folder_cannot_say(text: str, says: str) -> None:
    """A sentence for each."""
    with pytest.raises(MistakesError, match=says):
        folder.parse(text)


def test_files_of_a_folder_wait_for_its_own(studio: Studio) -> None:
    """A tree that is moved in is seen whole, and none of it before its folder's file is read."""
    write(studio, {"old.txt": "a hill"})
    clock = Clock()
    scanner = Scanner(studio, clock, minute=lambda: 0)
    turn = settling(scanner, clock)
    turn()
    (studio.root / "moved").mkdir()
    for name, text in {"a.txt": "a castle", "deep/b.txt": "a lake"}.items():
        path = studio.root / "moved" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (studio.root / "moved").rename(studio.inbox / "moved")
    scanner.refresh({"inbox/moved"})
    (studio.inbox / "moved/folder.toml").write_text("count = 4")
    scanner.refresh({"inbox/moved/folder.toml"})
    clock.now += 0.05
    turn()
    counts = {f.path: f.requests[0].count for f in scanner.snapshot().prompt_files}
    assert counts["inbox/moved/a.txt"] == counts["inbox/moved/deep/b.txt"] == 4
    (studio.inbox / "moved/folder.toml").unlink()
    scanner.refresh({"inbox/moved/folder.toml"})
    turn()
    counts = {f.path: f.requests[0].count for f in scanner.snapshot().prompt_files}
    assert counts["inbox/moved/a.txt"] == counts["inbox/old.txt"]


def settling(scanner: Scanner, clock: Clock) -> Callable[[], None]:
    """Lets all settle and be read."""

    def turn() -> None:
        scanner.refresh()
        clock.now += 5
        scanner.refresh(set())
        while scanner.busy:
            scanner.refresh(set())
            clock.now += 0.01

    return turn


def test_an_empty_file_waits(studio: Studio) -> None:
    """Windows makes an empty one before anybody can write into it."""
    write(studio, {"New Text Document.txt": "", "castle.error.txt": "castle was not used"})
    snapshot = looked_at(studio)
    assert not (snapshot.broken or snapshot.prompt_files or snapshot.unclear)
    says = "it is empty; write what the picture should show, and save it"
    assert snapshot.waiting == {"inbox/New Text Document.txt": says}


def test_a_picture_that_waits_has_a_note(studio: Studio, tmp_path: Path) -> None:
    """Who sees only the folders is told what it waits for."""
    studio.settings.write_text("settle_seconds = 0.1\n")
    (studio.inbox / "IMG_1.jpg").write_bytes(samples.drawn("JPEG"))
    (file,) = looked_at(studio).unclear
    assert file.says == "put a text file IMG_1.txt with a prompt beside it"
