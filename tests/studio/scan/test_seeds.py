"""The pictures in seeds/, one by one; test_look.py has them among all else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hotfolder.errors import MistakesError, PictureError
from hotfolder.snapshot import Snapshot
from hotfolder.studio import entries
from hotfolder.studio.config.load import read_config
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.apart import Apart
from hotfolder.studio.scan.portraits import Portraits
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.seeds import Seeds
from hotfolder.studio.scan.survey import Survey
from tests import samples
from tests.studio.clock import Clock


def put(studio: Studio, name: str, data: bytes) -> tuple[str, Reading]:
    path = studio.seeds / name
    path.write_bytes(data)
    return f"seeds/{name}", Reading.of(entries.lstat(str(path)))


@pytest.fixture
def seeds(studio: Studio) -> Seeds:
    """Those of a new studio."""
    apart = Apart(studio.root)
    return Seeds(studio, Portraits(studio, apart, read_only=True), apart)


def test_what_can_be_refined(studio: Studio, seeds: Seeds) -> None:
    """A picture is there until it is held, given up or gone."""
    path, reading = put(studio, "a.png", samples.drawn("PNG", size=(64, 64)))
    seeds.take_in(path, reading, read_config(studio), stars=0)
    (image,) = seeds.images(held=())
    assert (image.path, image.profile_name) == (path, "postcard")
    assert seeds.images(held={path}) == []
    seeds.give_up(path, "why")
    assert seeds.images(held=()) == []
    assert [file.says for file in seeds.unexplained()] == ["why"]
    seeds.explained(path)
    assert (seeds.unexplained(), seeds.useless) == ([], {path: "why"})
    seeds.drop(path)
    assert seeds.useless == {}


def test_what_cannot_be_read(studio: Studio, seeds: Seeds) -> None:
    """No picture, one that is gone, and one that has changed since it settled are told apart."""
    config = read_config(studio)
    path, reading = put(studio, "a.png", b"no picture")
    with pytest.raises(PictureError):
        seeds.take_in(path, reading, config, stars=0)
    put(studio, "a.png", samples.drawn("PNG"))
    with pytest.raises(FileNotFoundError, match="changed since"):
        seeds.take_in(path, reading, config, stars=0)
    Path(studio.root / path).unlink()
    with pytest.raises(FileNotFoundError):
        seeds.take_in(path, reading, config, stars=0)


def test_stars_choose_a_profile(studio: Studio, seeds: Seeds) -> None:
    """When the stars change, so does how a picture is refined."""
    (studio.profiles / "fine.toml").write_text('extends = "postcard"\n[refine]\ncount = 7\n')
    studio.settings.write_text('photos.prompt = "a hill"\n[stars.presets]\n5 = "fine"\n')
    config = read_config(studio)
    path, reading = put(studio, "a.png", samples.drawn("PNG", size=(64, 64)))
    seeds.take_in(path, reading, config, stars=1)
    assert seeds.images(held=())[0].profile_name == "postcard"
    seeds.follow(config, lambda path: 5)
    assert seeds.images(held=())[0].profile.refine.count == 7


def waits(studio: Studio, seeds: Seeds, name: str = "photo.png") -> str:
    """What a bare picture waits for; "" if it is refined."""
    path, reading = put(studio, name, samples.drawn("PNG", size=(64, 64)))
    seeds.take_in(path, reading, read_config(studio), stars=0)
    return seeds.useless.get(path, "")


def test_a_picture_without_a_prompt_waits(studio: Studio, seeds: Seeds) -> None:
    """It is never refined with an empty one; the owner's word for photos sets all free."""
    studio.settings.write_text("settle_seconds = 0.1\n")
    assert "put a text file photo.txt with a prompt beside it" in waits(studio, seeds)
    assert [file.path for file in seeds.unexplained()] == ["seeds/photo.png"]
    assert seeds.images(held=()) == []
    studio.settings.write_text('[photos]\nprompt = "a photo"\nnegative = "blur"\n')
    seeds.follow(read_config(studio), lambda path: 0)
    (image,) = seeds.images(held=())
    assert (image.prompt, image.negative, seeds.useless) == ("a photo", "blur", {})


def test_a_profile_for_photos(studio: Studio, seeds: Seeds) -> None:
    """Its fixed parts are the prompt where the settings have none."""
    (studio.profiles / "mine.toml").write_text('extends = "postcard"\nfixed = "an oil painting"\n')
    studio.settings.write_text('[photos]\nprofile = "mine"\n')
    assert waits(studio, seeds) == ""
    (image,) = seeds.images(held=())
    assert (image.prompt, image.profile_name) == ("an oil painting", "mine")
    studio.settings.write_text('[photos]\nprofile = "mien"\n')
    with pytest.raises(MistakesError, match=r"photos\.profile.*did you mean 'mine'"):
        read_config(studio)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("photo.txt", "a castle\nNegative prompt: people"),
        ("photo.png.txt", "a castle negative prompt: people"),
        ("photo.TXT", "a castle\nNegative prompt: people"),
        ("photo.toml", 'prompt = "a {castle|castle}"\nnegative = "people"\n'),
        ("photo.txt", "a castle\nNegative prompt: people\nSteps: 9, Seed: 5, Size: 64x64"),
        ("photo.txt", "a castle\nNegative prompt: people\n\na hill"),
    ],
)
def test_the_text_beside_it_is_its_prompt(
    studio: Studio, seeds: Seeds, name: str, text: str
) -> None:
    """In any format; settings and profile of the text hold, and of several the first counts."""
    (studio.seeds / name).write_text(text)
    assert waits(studio, seeds) == ""
    (image,) = seeds.images(held=())
    assert (image.prompt, image.negative) == ("a castle", "people")
    assert (image.profile.steps == 9) == ("Steps" in text)
    assert bool(seeds.notes["seeds/photo.png"]) == ("a hill" in text)


def test_a_mistake_in_the_text_beside_it(studio: Studio, seeds: Seeds) -> None:
    """It is told with the file's name, and nothing is guessed."""
    (studio.seeds / "photo.toml").write_text('promt = "a castle"\n')
    says = waits(studio, seeds)
    assert says.startswith("photo.toml beside it has a mistake: promt: unknown key")


def test_a_mistake_in_its_profile(studio: Studio, seeds: Seeds) -> None:
    """A picture that has no text waits for the profile, and that is what is told."""
    path, reading = put(studio, "photo.png", samples.drawn("PNG", size=(64, 64)))
    config = read_config(studio)
    wrong = {**config.profiles, "postcard": {**config.profiles["postcard"], "steps": "x"}}
    seeds.take_in(path, reading, replace(config, profiles=wrong), stars=0)
    says = "its profile has a mistake: steps: expected a whole number"
    assert seeds.useless[path].startswith(says)


def test_a_text_that_comes_later(studio: Studio) -> None:
    """The picture is looked at again; while the text is being written it is held."""
    studio.settings.write_text("settle_seconds = 2\n")
    clock = Clock()
    scanner = Scanner(studio, clock)
    put(studio, "photo.png", samples.drawn("PNG", size=(64, 64)))

    def look(seconds: float) -> Snapshot:
        scanner.refresh()
        clock.now += seconds
        while scanner.busy and scanner.due_in_s() == 0:
            scanner.refresh(set())
        scanner.refresh(set())
        return scanner.snapshot()

    assert [file.path for file in look(3).useless_seeds] == ["seeds/photo.png"]
    (studio.seeds / "photo.txt").write_text("a castle")
    assert (look(0.5).useless_seeds, scanner.snapshot().seeds) == ([], [])
    assert [seed.prompt for seed in look(3).seeds] == ["a castle"]
    (studio.seeds / "photo.txt").unlink()
    assert look(3).seeds == []


def test_nothing_in_seeds_is_passed_over_without_a_word(studio: Studio) -> None:
    """A film gets a note, a text without a picture is named; sidecars and notes are neither."""
    names = ("film.mp4", "alone.txt", "gone.png.xmp", "old.png.error.txt")
    for name in names:
        (studio.seeds / name).write_bytes(b"anything")
    snapshot = Survey(studio).look()
    assert [file.path for file in snapshot.useless_seeds] == ["seeds/film.mp4"]
    assert "this kind of file cannot be refined" in snapshot.waiting["seeds/film.mp4"]
    assert "no picture with the same name" in snapshot.waiting["seeds/alone.txt"]
    assert snapshot.waiting.keys() == {"seeds/film.mp4", "seeds/alone.txt"}
