"""The pictures in seeds/, one by one; test_look.py has them among all else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotfolder.errors import PictureError
from hotfolder.studio.config.load import read_config
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.seeds import Seeds
from tests import samples


def put(studio: Studio, name: str, data: bytes) -> tuple[str, Reading]:
    path = studio.seeds / name
    path.write_bytes(data)
    return f"seeds/{name}", Reading.of(os.lstat(path))


@pytest.fixture
def seeds(studio: Studio) -> Seeds:
    """Those of a new studio."""
    return Seeds(studio, read_only=True)


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
    studio.settings.write_text('[stars.presets]\n5 = "fine"\n')
    config = read_config(studio)
    path, reading = put(studio, "a.png", samples.drawn("PNG", size=(64, 64)))
    seeds.take_in(path, reading, config, stars=1)
    assert seeds.images(held=())[0].profile_name == "postcard"
    seeds.follow(config, lambda path: 5)
    assert seeds.images(held=())[0].profile.refine.count == 7
