"""Retouching by words, through the whole program: `seeds/NAME.retouch.txt` says where and what."""

from __future__ import annotations

import pytest
from PIL import Image

from hotfolder.commands import check as check_command
from hotfolder.commands import plan as plan_command
from hotfolder.daemon import Daemon, Until
from hotfolder.executors.orders import Task
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from tests.painter import FakeExecutor
from tests.test_retouch import made, note, photo


def said(studio: Studio, text: str, name: str = "photo.png") -> None:
    """What is to be drawn anew in a picture."""
    (studio.seeds / name).with_suffix(".retouch.txt").write_text(text, "utf-8")


def printed(command: object, studio: Studio, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says."""
    command.run(type("Options", (), {"studio": studio.root})())  # type: ignore[attr-defined]
    return capsys.readouterr().out


def test_a_word_is_looked_for_once_and_retouched(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """First it is looked for, then drawn, with its own prompt; the recipe knows both."""
    picture = photo(studio)
    said(studio, "castle: sharper towers\n")
    assert "look for castle in seeds/photo.png: its retouch says them" in printed(
        plan_command, studio, capsys
    )
    executor = FakeExecutor(1)
    daemon = Daemon(studio, executor=executor)
    daemon.run(Until(idle=True))
    daemon.close()
    finals = sorted(studio.final.iterdir())
    assert len(finals) == 3
    shown = identify(finals[0].read_bytes())
    assert shown.recipe and shown.recipe.region and shown.recipe.region.word == "castle"
    assert shown.recipe.prompt == "sharper towers" and shown.image.size == picture.size
    tasks = [order for _, order in executor.opened[0].given if isinstance(order, Task)]
    assert [task.words for task in tasks] == [("castle",), (), (), ()]
    assert len(made(studio)) == 3  # and nothing is looked for again


def test_where_a_word_was_found_is_planned_aloud(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once it is found: the word, its region and its prompt."""
    photo(studio)
    said(studio, "castle: one")
    assert len(made(studio)) == 3
    said(studio, "castle: another")
    out = printed(plan_command, studio, capsys)
    assert "retouch seeds/photo.png at 192x128: variant 1 of 3" in out
    assert '1) castle, the region 96x64 at 48,32, feather 8 px: "another", drawn at' in out


def test_a_word_that_is_not_there_retouches_nothing(studio: Studio) -> None:
    """It is told beside the picture; another picture goes on, and so does this one when it is."""
    photo(studio)
    said(studio, "castle: towers\ndragon: green\n")
    Image.new("RGB", (192, 128), (1, 2, 3)).save(studio.seeds / "other.png")
    assert len(made(studio)) == 3
    assert '"dragon" is not seen in the picture, so nothing is redrawn' in note(studio)
    assert "photo.mask.png" in note(studio)
    said(studio, "castle: towers\n")
    assert len(made(studio)) == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sharper towers", 'photo.retouch.txt beside it, line 1: "sharper towers" does not say'),
        ("castle: a\n\n: b", 'line 3: ": b" does not say where'),
        ("(castle:1.2), towers", "does not say where"),
        ("\n \n", "photo.retouch.txt beside it is empty; a line of it says where and what"),
        ("x" * 61 + ": a", "says where before its colon, which may have 60 characters"),
        ("\n".join(f"a{n}: b" for n in range(9)), "has 9 words; at most 8 can be looked for"),
    ],
)
def test_mistakes_are_told_beside_the_picture(
    text: str, says: str, studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which file, which line, what was expected; `hotfolder check` says it, too."""
    photo(studio)
    said(studio, text)
    assert says in " ".join(printed(check_command, studio, capsys).split())
    assert made(studio) == []
    assert says in note(studio)


def test_words_of_any_language_and_pictures_that_change(studio: Studio) -> None:
    """A wide colon; a word alone is for the picture's own prompt; another picture is another."""
    photo(studio)
    (studio.seeds / "photo.txt").write_text("a castle")
    said(studio, "castle\uff1a")
    finals = made(studio)
    assert len(finals) == 3
    shown = identify(finals[0].read_bytes())
    assert shown.recipe and shown.recipe.prompt == "a castle"
    Image.new("RGB", (160, 96), (60, 90, 200)).save(studio.seeds / "photo.png")
    assert len(made(studio)) == 6


def test_stars_have_a_part_drawn_anew(studio: Studio) -> None:
    """So many stars, so a retouch; others refine; a file beside the picture counts before both."""
    with studio.settings.open("a") as settings:
        settings.write('[stars]\nthen = "part"\n[stars.parts]\n5 = "castle: towers"\n')
    for name in ("five", "four"):
        (studio.inbox / f"{name}.toml").write_text(f'prompt = "{name}"\ncount = 1\nsize = "96x64"')
    made(studio)
    drafts = {draft.name.partition("-")[0]: draft for draft in studio.drafts.iterdir()}
    for name, stars in (("five", 5), ("four", 4)):
        drafts[name].rename(drafts[name].with_name("★" * stars + drafts[name].name))
    assert len(made(studio)) == 6
    regions = []
    for final in made(studio):
        shown = identify(final.read_bytes())
        assert shown.recipe
        regions.append(shown.recipe.region and (shown.recipe.region.word, shown.recipe.prompt))
    assert sorted(map(str, regions)) == ["('castle', 'towers')"] * 3 + ["None"] * 3


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[stars]\nthen = "part"\n', "stars.then: it needs a table [stars.parts]"),
        ('[stars.parts]\n5 = "castle: a"\n', 'stars.parts: it has no effect without then = "part"'),
        ('[stars]\nthen = "part"\n[stars.parts]\n5 = "castle"\n', "does not say where"),
    ],
)
def test_a_mistake_in_the_stars_parts_is_told(
    settings: str, says: str, studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which key, and what is missing."""
    with studio.settings.open("a") as file:
        file.write(settings)
    assert says in " ".join(printed(check_command, studio, capsys).split())


def test_a_detector_is_asked_where_the_profile_names_one(studio: Studio) -> None:
    """The executor is told of it; another detector is asked anew."""
    (studio.profiles / "own.toml").write_text(
        'extends = "postcard"\n[model]\ndetector = "faces.onnx"\n'
    )
    with studio.settings.open("a") as settings:
        settings.write('profile = "own"\n')
    photo(studio)
    said(studio, "castle: towers")
    executor = FakeExecutor(1)
    daemon = Daemon(studio, executor=executor)
    daemon.run(Until(idle=True))
    daemon.close()
    tasks = [order for _, order in executor.opened[0].given if isinstance(order, Task)]
    assert [task.detector for task in tasks] == ["faces.onnx", "", "", ""]
