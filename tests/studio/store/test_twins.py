"""A picture that two machines made: one stays, and only its maker takes the other back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from hotfolder.images.picture import publishable
from hotfolder.images.pixels import from_rgb
from hotfolder.recipes.recipe import Recipe
from hotfolder.studio.layout import Studio
from hotfolder.studio.store.twins import Twins, keep
from tests.images.made import RECIPE, RECORD

NAME = f"castle-{RECIPE.id[:8]}"


def made(by: str, grey: int, made_of: Recipe = RECIPE) -> bytes:
    """The file that a machine makes of the recipe."""
    image = from_rgb((24, 16), bytes([grey]) * (24 * 16 * 3))
    return publishable(image, made_of, replace(RECORD, software=by))[0]


@pytest.fixture
def twins(studio: Studio) -> Twins:
    """This machine has made `OURS`."""
    keep(studio, RECIPE.id, OURS)
    return Twins(studio)


OURS, THEIRS = made("here", 10), made("there", 20)
CONFLICT = f"{NAME}.sync-conflict-20261130-120000-ABCDEFG.png"


def put(studio: Studio, **files: bytes) -> list[str]:
    """Files in the studio, and their paths."""
    for path, data in files.items():
        (studio.root / path).parent.mkdir(parents=True, exist_ok=True)
        (studio.root / path).write_bytes(data)
    return list(files)


def lying(studio: Studio) -> list[str]:
    """The paths of all pictures."""
    rooms = (studio.drafts, studio.seeds)
    return [p.relative_to(studio.root).as_posix() for room in rooms for p in room.rglob("*.png")]


def taken(twins: Twins, studio: Studio, *marked: str) -> list[tuple[str, str]]:
    """What is taken back."""
    return list(twins.take_back(lying(studio), set(marked)))


def test_our_conflict_copy_goes(twins: Twins, studio: Studio) -> None:
    """The sync program kept the other machine's: ours is taken back, once."""
    put(studio, **{f"drafts/{NAME}.png": THEIRS, f"drafts/{CONFLICT}": OURS})
    assert taken(twins, studio) == [(f"drafts/{CONFLICT}", f"drafts/{NAME}.png")]
    assert lying(studio) == [f"drafts/{NAME}.png"] and taken(twins, studio) == []


def test_another_machines_is_left(twins: Twins, studio: Studio) -> None:
    """Where ours stays the other is its maker's to take back."""
    put(studio, **{f"drafts/{NAME}.png": OURS, f"drafts/{CONFLICT}": THEIRS})
    assert taken(twins, studio) == [] and len(lying(studio)) == 2


def test_a_pick_stays(twins: Twins, studio: Studio) -> None:
    """The one that somebody picked stays, whatever their names are."""
    put(studio, **{f"drafts/{NAME}.png": OURS, f"seeds/{CONFLICT}": THEIRS})
    assert taken(twins, studio) == [(f"drafts/{NAME}.png", f"seeds/{CONFLICT}")]


def test_picked_on_both_sides(twins: Twins, studio: Studio) -> None:
    """What people moved to seeds/ is theirs."""
    put(studio, **{f"seeds/{CONFLICT}": OURS, f"seeds/{NAME}.png": THEIRS})
    assert taken(twins, studio) == []


def test_two_folders(studio: Studio) -> None:
    """With folders by day and clocks apart both have good names: all machines choose alike."""
    paths = [f"drafts/2026-11-30/{NAME}.png", f"drafts/2026-12-01/{NAME}.png"]
    gone = []
    for own in (OURS, THEIRS):
        for path, data in zip(paths, (OURS, THEIRS), strict=True):
            put(studio, **{path: data})
        keep(studio, RECIPE.id, own)
        gone += [path for path, _ in taken(Twins(studio), studio)]
    assert len(gone) == 1


@pytest.mark.parametrize("what", ["changed", "marked", "a sidecar", "a copy", "another recipe"])
def test_what_people_touched_stays(what: str, twins: Twins, studio: Studio) -> None:
    """Only the very bytes that were published go, without a mark, and for a twin."""
    ours, theirs, marked = OURS, THEIRS, set[str]()
    if what == "changed":
        ours = OURS + b"\0"
    if what == "marked":
        marked.add(f"drafts/{CONFLICT}")
    if what == "a sidecar":
        put(studio, **{f"drafts/{CONFLICT}.xmp": b"<x/>"})
    if what == "a copy":
        theirs = made("here", 10) + b"\0"  # somebody's program wrote ours anew
    if what == "another recipe":
        other = replace(RECIPE, seed=RECIPE.seed + 1)
        theirs = made("there", 20, other)
    put(studio, **{f"drafts/{NAME}.png": theirs, f"drafts/{CONFLICT}": ours})
    assert taken(twins, studio, *marked) == [] and len(lying(studio)) == 2


def test_refinements(twins: Twins, studio: Studio) -> None:
    """The same holds in final/."""
    put(studio, **{f"final/{NAME}.png": THEIRS, f"final/{CONFLICT}": OURS})
    assert taken(twins, studio) == [(f"final/{CONFLICT}", f"final/{NAME}.png")]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_no_link_is_followed(twins: Twins, studio: Studio, tmp_path: Path) -> None:
    """A link in the place of ours, or of its twin, is no picture."""
    outside = tmp_path / "outside.png"
    outside.write_bytes(OURS)
    put(studio, **{f"drafts/{NAME}.png": THEIRS})
    (studio.drafts / CONFLICT).symlink_to(outside)
    assert taken(twins, studio) == [] and outside.read_bytes() == OURS
