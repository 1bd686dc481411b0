"""Files as programs leave them, put where the programs put them, in a studio that is looked at."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from hotfolder.studio.layout import Studio
from tests import samples
from tests.stars.test_finder import RED_AND_STAR, TAGS, apple_double
from tests.studio.scan.test_ratings import Room

PLACES = {"darktable421": "{}.xmp", "digikam79": "{}.xmp", "geeqie20": "{}.gq.xmp"}
PLACES |= {"gthumb": ".comments/{}.xml"}
SIDECARS = sorted(path.name for path in (samples.DATA / "sidecars").iterdir())
RATED = [name for name in samples.PICTURES if name.startswith("rated/") and "rejected" not in name]
KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


def picks(room: Room, path: str, data: bytes) -> bool:
    """Whether a file that is written into `drafts/` picks one of the drafts there."""
    assert not room.starred
    room.write(path, data)
    room.settle()
    return len(room.starred) == 1


@pytest.mark.parametrize("name", RATED)
def test_in_the_picture(studio: Studio, name: str) -> None:
    """Every program that writes into pictures, in every container that it writes."""
    assert picks(Room(studio), f"drafts/{PurePosixPath(name).name}", samples.sample(name))


@pytest.mark.parametrize("name", SIDECARS)
def test_beside_the_picture(studio: Studio, name: str) -> None:
    """Every program that writes beside pictures."""
    kind = next(kind for kind in KINDS if f".{kind}." in name)
    place = PLACES[name.partition("_")[0]].format(f"a.{kind}")
    room = Room(studio)
    room.write(f"drafts/a.{kind}", samples.drawn(KINDS[kind]))
    room.settle()
    assert picks(room, f"drafts/{place}", samples.sample(f"sidecars/{name}"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_finder_on_a_share(studio: Studio, kind: str) -> None:
    """The `._NAME` in which macOS keeps tags where a share has no attributes."""
    room = Room(studio)
    room.write(f"drafts/a.{kind}", samples.drawn(KINDS[kind]))
    room.settle()
    assert picks(room, f"drafts/._a.{kind}", apple_double({TAGS: RED_AND_STAR}))
