"""Failed files are tried again when what they lacked has come, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotfolder.history import History
from hotfolder.jobs import SetAside, TryAgain
from hotfolder.plan import plan
from hotfolder.recipes.config import Config
from hotfolder.report.progress import Lines
from hotfolder.setbacks import Setbacks
from hotfolder.snapshot import FailedFile
from hotfolder.studio.config.load import read_config
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.apart import Apart
from hotfolder.studio.scan.retries import Retries
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import moves
from tests import samples

PROFILE = 'extends = "postcard"\n'


def words(studio: Studio) -> None:
    (studio.wildcards / "hues.txt").write_text("red")


def lora(studio: Studio) -> None:
    (studio.root / "loras").mkdir(exist_ok=True)
    (studio.root / "loras" / "ink.safetensors").write_bytes(b"")
    studio.settings.write_text('loras = ["loras"]\n')


def profile(studio: Studio) -> None:
    (studio.profiles / "mine.toml").write_text(PROFILE)


def nothing(studio: Studio) -> None:
    (studio.profiles / "other.toml").write_text(PROFILE)


CASES: dict[str, tuple[str, Callable[[Studio], None], bool]] = {
    "a.toml": ('prompt = "a hill"\nprofile = "mine"', profile, True),
    "b.txt": ("a __hues__ hill", words, True),
    "c.txt": ("a hill <lora:ink:0.5>", lora, True),
    "d.txt": ("3 drafts, mine\na hill", profile, True),
    "e.toml": ('promt = "a hill"', profile, False),
    "f.toml": ('prompt = "a hill"\nprofile = "mine"', nothing, False),
}


def fail(studio: Studio) -> list[SetAside]:
    """Sets aside what has mistakes."""
    survey = Survey(studio)
    jobs = list(plan(survey.look(), History(), survey.config))
    aside = [job for job in jobs if isinstance(job, SetAside)]
    for job in aside:
        moves.set_aside(studio, job)
    return aside


def looked(retries: Retries, config: Config) -> list[str]:
    retries.look(config)
    return [file.path for file in retries.due]


@pytest.mark.parametrize("name", CASES)
def test_what_was_lacking_has_come(studio: Studio, name: str) -> None:
    """The file goes back into `inbox/`, and our note goes away."""
    text, comes, is_whole = CASES[name]
    retries = Retries(studio, Apart(studio.root))
    assert looked(retries, read_config(studio)) == []
    (studio.inbox / "sub").mkdir()
    (studio.inbox / "sub" / name).write_text(text)
    (job,) = fail(studio)
    note = studio.failed / "sub" / f"{name}.error.txt"
    assert (moves.LACKS in note.read_text()) == job.lacks == (name != "e.toml")
    assert looked(retries, read_config(studio)) == [], "it has just failed"
    comes(studio)
    retries.changed()
    config = read_config(studio)
    assert looked(retries, config) == ([f"inbox/failed/sub/{name}"] if is_whole else [])
    if is_whole:
        again = TryAgain(f"inbox/failed/sub/{name}")
        assert moves.try_again(studio, again) == f"inbox/sub/{name}"
        assert not note.exists()
        assert (studio.inbox / "sub" / name).read_text() == text
        retries.done(again.path)
        assert retries.due == []
    assert looked(retries, config) == [], "once"


def test_what_has_come_while_nobody_looked(studio: Studio) -> None:
    """At the first look all are tried; a file without our note is its owner's."""
    (studio.inbox / "a.toml").write_text('prompt = "a hill"\nprofile = "mine"')
    fail(studio)
    (studio.failed / "mine.txt").write_text("a castle")
    profile(studio)
    assert looked(Retries(studio, Apart(studio.root)), read_config(studio)) == [
        "inbox/failed/a.toml"
    ]


def test_a_model_that_has_come(studio: Studio) -> None:
    """What could not be rendered is tried when a file that a profile names is there."""
    (studio.profiles / "mine.toml").write_text('extends = "postcard"\n[model]\nsource = "./m"\n')
    (studio.inbox / "a.txt").write_text("3 drafts, mine\na hill")
    retries = Retries(studio, Apart(studio.root))
    config = read_config(studio)
    looked(retries, config)
    moves.set_aside(studio, SetAside("inbox/a.txt", "the model is not here", lacks=True))
    assert looked(retries, config) == looked(retries, config) == []
    (studio.root / "m").mkdir()
    assert looked(retries, config) == ["inbox/failed/a.txt"]
    assert looked(retries, config) == ["inbox/failed/a.txt"], "it could not be moved yet"
    retries.done("inbox/failed/a.txt")
    assert looked(retries, config) == []


def test_a_picture_goes_back_with_its_text(studio: Studio) -> None:
    """And the note of somebody else stays."""
    (studio.inbox / "p.png").write_bytes(samples.drawn("PNG"))
    (studio.inbox / "p.txt").write_text("a __hues__ hill")
    fail(studio)
    words(studio)
    retries = Retries(studio, Apart(studio.root))
    assert looked(retries, read_config(studio)) == ["inbox/failed/p.png"]
    (file,) = retries.due
    assert file == FailedFile("inbox/failed/p.png", ("inbox/failed/p.txt",))
    (studio.failed / "p.png.error.txt").write_text("my own words")
    moves.try_again(studio, TryAgain(file.path, file.beside))
    assert (studio.inbox / "p.png").exists() and (studio.inbox / "p.txt").exists()
    assert (studio.failed / "p.png.error.txt").read_text() == "my own words"


def test_a_failed_file_that_is_taken_away(studio: Studio) -> None:
    """Whoever was about to put it back does not try for ever."""
    (studio.inbox / "a.toml").write_text('prompt = "a hill"\nprofile = "mine"')
    fail(studio)
    profile(studio)
    scanner = Scanner(studio)
    scanner.refresh()
    while not scanner.look_on():
        pass
    (job,) = (job for job in plan(scanner.snapshot(), History(), scanner.config))
    assert isinstance(job, TryAgain)
    (studio.root / job.path).unlink()
    setbacks = Setbacks(studio, scanner, Lines(), lambda: 0.0)
    with pytest.raises(FileNotFoundError) as gone:
        moves.try_again(studio, job)
    setbacks.cope(job, gone.value)
    assert not scanner.snapshot().complete
