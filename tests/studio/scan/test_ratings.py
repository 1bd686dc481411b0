"""Marks on drafts and seed images: what was seen to change, what has settled, what it asks for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from hotfolder.errors import MistakesError
from hotfolder.images import pixels, png
from hotfolder.recipes.settings import Stars
from hotfolder.snapshot import Starred
from hotfolder.stars.mark import Mark
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.ratings import Sighting
from hotfolder.studio.scan.scanner import Scanner
from tests import samples
from tests.stars.test_finder import RED_AND_STAR, TAGS, apple_double
from tests.stars.test_packet import ADOBE, attribute, packed
from tests.studio.clock import Clock

QUIET_S = 2.0
SETTINGS = Stars()
DARKTABLE = samples.sample("sidecars/darktable421_base.png.xmp")
GTHUMB = samples.sample("sidecars/gthumb_comments_base.png.xml")


def found(**stars: int) -> dict[tuple[str, str], Mark]:
    """Marks of one detector, by their place."""
    return {("xmp", where): Mark(where, number) for where, number in stars.items() if number}


def test_the_last_change_decides() -> None:
    """A program that takes its star away does not touch what another one wrote elsewhere."""
    first = Sighting().then(found(xmp=4, exif=4))
    assert (first.stars(SETTINGS), first.changed) == (4, True)
    assert first.then(found(exif=4)).stars(SETTINGS) == 0
    assert first.then(found(exif=4)).then(found(exif=4, xmp=2)).stars(SETTINGS) == 2
    assert first.then(found(xmp=4, exif=4)) is first


def test_a_rejection_outweighs_all() -> None:
    """Wherever it stands, and however old it is."""
    rejected = Sighting(found(exif=-1), found(exif=-1))
    assert rejected.then(found(exif=-1, xmp=5)).stars(SETTINGS) == -1
    assert rejected.then(found(xmp=5)).stars(SETTINGS) == 5


def test_settings_hold_at_once() -> None:
    """Which detectors count is asked of the settings, not remembered."""
    sighting = Sighting(found(xmp=4), found(xmp=4))
    assert sighting.stars(Stars(ignore=["xmp"])) == 0
    assert sighting.stars(Stars(ignore=["exif"])) == 4


class Room:
    """A studio that is looked at with a clock that the test moves."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.clock = Clock()
        settings = studio.settings.read_text()
        studio.settings.write_text(settings.replace("settle_seconds = 0.1", "settle_seconds = 2"))
        self.scanner = Scanner(studio, self.clock)
        self.scanner.refresh()

    def draft(self, path: str = "drafts/a.png", stars: int = 0, colour: int = 7) -> Path:
        """Write a picture."""
        data = pixels.encode_png(Image.new("RGB", (40, 30), (colour, 0, 0)), {})
        rating = packed(attribute("Rating", ADOBE, stars)).decode()
        return self.write(path, png.with_xmp(data, rating))

    def write(self, path: str, data: bytes) -> Path:
        """Write a file and have it looked at."""
        file = self.studio.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self.scanner.refresh({path})
        return file

    def settle(self, *hints: str) -> None:
        """Look at paths, let the settling time pass, look again."""
        self.scanner.refresh(set(hints))
        self.clock.now += QUIET_S
        self.scanner.refresh(set())

    @property
    def starred(self) -> list[Starred]:
        """The drafts that are to be picked."""
        return list(self.scanner.snapshot().starred)

    @property
    def paths(self) -> list[str]:
        """Their paths."""
        return [draft.path for draft in self.starred]


@pytest.fixture
def room(studio: Studio) -> Room:
    """A studio with a draft that nobody has rated yet."""
    made = Room(studio)
    made.draft()
    made.settle()
    assert not made.starred
    return made


SIDECARS = {
    "drafts/a.png.xmp": DARKTABLE,
    "drafts/a.xmp": DARKTABLE,
    "drafts/a.png.XMP": DARKTABLE,
    "drafts/a.XMP": DARKTABLE,
    "drafts/a.Xmp": DARKTABLE,
    "drafts/a.png.gq.xmp": samples.sample("sidecars/geeqie20_base.webp.gq.xmp"),
    "drafts/.metadata/a.png.gq.xmp": samples.sample("sidecars/geeqie20_base.webp.gq.xmp"),
    "drafts/.comments/a.png.xml": GTHUMB,
    "drafts/._a.png": apple_double({TAGS: RED_AND_STAR}),
}


@pytest.mark.parametrize("path", SIDECARS)
def test_a_star_beside_the_draft(room: Room, path: str) -> None:
    """It counts once its file has settled, and goes when its file goes."""
    file = room.write(path, SIDECARS[path][:40])
    room.clock.now += 1
    room.write(path, SIDECARS[path])
    room.clock.now += 1
    room.scanner.refresh(set())
    assert not room.starred, "its program may be writing it just now"
    room.settle()
    (draft,) = room.starred
    assert list(draft.sidecars.values()) == [path]
    assert draft.changed
    file.unlink()
    room.settle(path)
    assert not room.starred


@pytest.mark.parametrize("path", SIDECARS)
def test_a_star_beside_the_draft_at_the_first_look(studio: Studio, path: str) -> None:
    """Set while nobody looked; whether a round finds it or a notice."""
    room = Room(studio)
    for write in (room.studio.root / "drafts/a.png", room.studio.root / path):
        write.parent.mkdir(exist_ok=True)
        write.write_bytes(SIDECARS.get(path) if write.name != "a.png" else samples.drawn("PNG"))
    again = Room(studio)
    for _ in range(3):
        again.settle()
        while not again.scanner.look_on():
            pass
    room.settle(path, "drafts/a.png")
    room.settle()
    assert room.paths == again.paths == ["drafts/a.png"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user.baloo.rating", b"8"),
        ("user.xdg.tags", b"star"),
        (f"user.{TAGS}", RED_AND_STAR),
    ],
)
def test_a_star_in_an_attribute(room: Room, name: str, value: bytes) -> None:
    """Nothing of the file changes but its ctime."""
    file = room.studio.root / "drafts/a.png"
    before = file.stat()
    os.setxattr(file, name, value)
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    while not room.scanner.look_on():
        pass
    room.settle()
    assert room.paths == ["drafts/a.png"]


@pytest.mark.parametrize("path", ["drafts/★a.png", "drafts/a_fav.png", "drafts/starred/a.png"])
def test_a_star_in_the_name(room: Room, path: str) -> None:
    """A draft that is renamed, or moved into a folder called `starred`."""
    (room.studio.root / path).parent.mkdir(exist_ok=True)
    (room.studio.root / "drafts/a.png").rename(room.studio.root / path)
    room.settle("drafts/a.png", path)
    assert room.paths == [path]


def test_a_star_on_a_draft_that_is_still_being_copied(room: Room) -> None:
    """Half a picture has no star; a whole one has, wherever its program puts the star."""
    data = room.draft("drafts/b.png", 5).read_bytes()
    for end in (50, len(data) // 2, len(data)):
        room.write("drafts/b.png", data[:end])
        room.clock.now += QUIET_S / 2
        room.scanner.refresh(set())
        assert not room.starred
    room.settle()
    assert room.paths == ["drafts/b.png"]


def test_a_sidecar_that_may_be_of_two_pictures(room: Room) -> None:
    """`a.xmp` beside `a.png` and `a.jpg` says nothing; `a.png.xmp` does."""
    room.write("drafts/a.jpg", samples.drawn("JPEG"))
    room.write("drafts/a.xmp", DARKTABLE)
    room.settle()
    assert not room.starred
    room.write("drafts/a.png.xmp", DARKTABLE)
    room.settle()
    (draft,) = room.starred
    assert draft.sidecars == {"{name}.xmp": "drafts/a.png.xmp"}


def test_what_exiftool_is_about_to_replace(room: Room) -> None:
    """A draft is let be while exiftool writes its successor, but not for what a crash left."""
    room.draft(stars=4)
    room.settle()
    assert room.paths
    for size in (10, 20):
        room.write("drafts/a.png_exiftool_tmp", bytes(size))
        room.clock.now += 1
        room.scanner.refresh(set())
        assert not room.starred
    room.settle()
    assert room.paths == ["drafts/a.png"]


def test_a_star_taken_back(room: Room) -> None:
    """Before its turn, where it was set or by another program."""
    room.draft(stars=4)
    room.settle()
    os.setxattr(room.studio.root / "drafts/a.png", "user.baloo.rating", b"8")
    room.settle("drafts/a.png")
    assert room.paths
    os.removexattr(room.studio.root / "drafts/a.png", "user.baloo.rating")
    room.settle("drafts/a.png")
    assert not room.starred, "the file still says 4, but that is older"


def test_what_is_seen_to_change(studio: Studio) -> None:
    """A star that was there at first sight is told from one that is set while somebody looks."""
    room = Room(studio)
    for name in ("a", "b"):
        room.draft(f"drafts/{name}.png", stars=3)
    room.settle()
    assert [draft.changed for draft in room.starred] == [False, False]
    room.draft("drafts/b.png", stars=4)
    room.settle()
    assert [draft.changed for draft in room.starred] == [False, True]
    room.scanner.picked("drafts/b.png", "seeds/b.png")
    assert [draft.changed for draft in room.starred] == [False, False]


def test_fifty_stars_at_once(room: Room) -> None:
    """All are found, each with a key of its own; copies share one."""
    for number in range(50):
        room.draft(f"drafts/{number}.png", stars=5, colour=number)
    shutil.copy(room.studio.root / "drafts/7.png", room.studio.root / "drafts/copy.png")
    room.settle("drafts/copy.png")
    keys = {draft.path: draft.key for draft in room.starred}
    assert len(keys) == 51
    assert len(set(keys.values())) == 50
    assert keys["drafts/copy.png"] == keys["drafts/7.png"]


def test_rejected_drafts(room: Room) -> None:
    """They are named until they lie where rejected ones go."""
    room.draft("drafts/no.png", stars=-1)
    room.draft("drafts/rejected/old.png", stars=-1)
    room.settle()
    assert [draft.path for draft in room.scanner.snapshot().rejected] == ["drafts/no.png"]
    assert not room.starred


def test_files_beside_drafts_are_no_drafts(room: Room) -> None:
    """Endless drafts do not pause for them."""
    for path, data in SIDECARS.items():
        room.write(path, data)
    room.settle()
    assert room.scanner.snapshot().unseen_drafts == 1
    for path in SIDECARS:
        (room.studio.root / path).unlink(missing_ok=True)  # two may be one: no case there
    room.settle(*SIDECARS)
    assert room.scanner.snapshot().unseen_drafts == 1


def test_conflict_copies_are_not_picked(room: Room) -> None:
    """Whatever marks they carry, before or after they were seen."""
    path = "drafts/b.sync-conflict-20261101-101010-ABCDEFG.png"
    room.draft(path)
    room.settle()
    room.write(path + ".xmp", DARKTABLE)
    room.settle()
    assert not room.starred


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[stars]\nignore = ["xmpp"]', "stars.ignore: there is no kind of mark 'xmpp'; did you"),
        ('[stars.presets]\n5 = "lagre"', "stars.presets.5, profile: there is no profile 'lagre'"),
    ],
)
def test_settings_that_name_what_is_not_there(studio: Studio, text: str, says: str) -> None:
    """A kind of mark or a preset that does not exist is a mistake in the settings."""
    studio.settings.write_text(text)
    with pytest.raises(MistakesError) as raised:
        Scanner(studio)
    assert f"hotfolder.toml, {says}" in str(raised.value)


PRESET = 'photos.prompt = "a hill"\n[stars.presets]\n5 = "postcard-large"\n'


def test_more_stars_mean_another_profile(studio: Studio) -> None:
    """A seed image is refined by the profile for its stars, wherever those stand."""
    studio.settings.write_text(PRESET)
    room = Room(studio)
    room.draft("seeds/a.png", stars=5)
    room.draft("seeds/b.png", stars=4, colour=1)
    room.settle()
    names = {seed.path: seed.profile_name for seed in room.scanner.snapshot().seeds}
    assert names == {"seeds/a.png": "postcard-large", "seeds/b.png": "postcard"}
    room.write("seeds/b.png.xmp", DARKTABLE)
    assert [s.path for s in room.scanner.snapshot().seeds] == ["seeds/a.png"], (
        "b waits for its file"
    )
    room.settle()
    assert {s.profile_name for s in room.scanner.snapshot().seeds} == {"postcard-large"}
    studio.settings.write_text('photos.prompt = "a hill"\n')
    room.settle("hotfolder.toml")
    assert {s.profile_name for s in room.scanner.snapshot().seeds} == {"postcard"}


def test_a_seed_image_that_loses_its_star(room: Room) -> None:
    """It is named if that was seen; one that never had a star is not."""
    room.draft("seeds/a.png", stars=5)
    room.draft("seeds/b.png", colour=1)
    room.settle()
    assert not room.scanner.snapshot().unstarred
    room.draft("seeds/a.png", stars=0)
    room.settle()
    assert [seed.path for seed in room.scanner.snapshot().unstarred] == ["seeds/a.png"]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_sidecars_that_are_no_files(room: Room, kind: str) -> None:
    """A link or a pipe beside a draft is not read."""
    sidecar = room.studio.root / "drafts/a.png.xmp"
    if kind == "link":
        sidecar.symlink_to("/etc/passwd")
    else:
        os.mkfifo(sidecar)
    room.settle("drafts/a.png.xmp")
    assert not room.starred
