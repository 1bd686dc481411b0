"""A thousand edits of metadata that are no star, on pictures of every container."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from hotfolder.studio.layout import Studio
from tests import samples
from tests.stars.test_finder import TAGS, apple_double
from tests.studio.scan.test_ratings import Room

PICTURES = 100
ROUNDS = 10  # in each, every picture is edited once

WORDS = ("boat", "harbour at night", "5", "-1", "★ is no name of mine", "rating", "stars", "月夜")
TEXTS = (
    *("XMP-dc:Title", "XMP-dc:Description", "XMP-dc:Creator", "XMP-dc:Subject", "XMP-dc:Rights"),
    *("XMP-xmp:CreatorTool", "XMP-xmp:Label", "XMP-xmp:Nickname", "XMP-photoshop:City"),
    *("XMP-photoshop:Headline", "XMP-lr:HierarchicalSubject", "XMP-digiKam:TagsList"),
    *("XMP-iptcCore:Location", "XMP-iptcExt:PersonInImage", "EXIF:ImageDescription"),
    *("EXIF:Artist", "EXIF:Copyright", "EXIF:UserComment", "EXIF:Software", "EXIF:XPTitle"),
    *("EXIF:XPKeywords", "EXIF:XPComment"),
)
NUMBERS = (
    *("XMP-photoshop:Urgency", "XMP-exif:ISO", "XMP-aux:ImageNumber", "XMP-tiff:Orientation#"),
    *("EXIF:Orientation#", "EXIF:ISO", "EXIF:XResolution", "XMP-digiKam:ColorLabel"),
    *("EXIF:FocalLength", "EXIF:GPSAltitude"),
)
NOTHING = (
    *("XMP-xmp:Rating=0", "EXIF:Rating=0", "EXIF:RatingPercent=0", "XMP-acdsee:Rating=0"),
    *("XMP-microsoft:RatingPercent=0", "XMP-digiKam:PickLabel=0", "XMP-digiKam:PickLabel=2"),
    *("all=", "XMP:all=", "EXIF:all=", "XMP-xmp:MetadataDate=now", "EXIF:ModifyDate=now"),
)


def edit(chance: random.Random) -> str:
    """What exiftool shall change."""
    kind = chance.randrange(3)
    if kind == 0:
        return f"{chance.choice(TEXTS)}={chance.choice(WORDS)} {chance.randrange(100)}"
    if kind == 1:
        return f"{chance.choice(NUMBERS)}={chance.randint(1, 8)}"
    return chance.choice(NOTHING)


def attribute(path: Path, chance: random.Random) -> None:
    """Another extended attribute, or one that says nothing."""
    name, value = chance.choice(
        [
            ("user.xdg.tags", b"boat,sea"),
            ("user.xdg.comment", b"star"),
            ("user.xdg.origin.url", b"https://example.org/star"),
            ("user.baloo.rating", b"0"),
            (f"user.{TAGS}", b"star"),
        ]
    )
    os.setxattr(path, name, value)


def sidecar(path: Path, chance: random.Random) -> None:
    """A file beside the picture that has no star in it."""
    imported = samples.sample("sidecars/darktable421_base.png.xmp").replace(
        b'Rating="5"', b'Rating="1"'
    )
    comment = samples.sample("sidecars/gthumb_comments_base.png.xml").replace(b'"5"', b'"0"')
    name, content = chance.choice(
        [
            (f"{path.name}.xmp", imported),
            (f".comments/{path.name}.xml", comment),
            (f"._{path.name}", apple_double({"com.apple.quarantine": b"star"})),
            (f"{path.name}.txt", b"star"),
            (f"{path.stem}.xmp", b"<star/>"),
        ]
    )
    target = path.parent / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)


def times(path: Path, chance: random.Random) -> None:
    """Another date, another mode."""
    os.utime(path, ns=(chance.randrange(10**18), chance.randrange(10**18)))
    path.chmod(chance.choice([0o600, 0o644, 0o664]))


def renamed(path: Path, chance: random.Random) -> None:
    """Renamed there and back."""
    other = path.with_name(f"{chance.choice(['my favourite', 'star', 'a*', '5'])} {path.name}")
    path.rename(other)
    other.rename(path)


OTHERS = (attribute, sidecar, times, renamed)


def test_a_thousand_edits_that_are_no_star(
    studio: Studio, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """None of them picks, rejects or takes back anything; a star afterwards does."""
    chance = random.Random(5)
    layouts = [samples.DATA / "layout" / f"layout_bmp.{kind}" for kind in ("png", "jpg", "webp")]
    paths = []
    for number in range(PICTURES):
        pattern = layouts[number % len(layouts)]
        paths.append(studio.drafts / f"{number}{pattern.suffix}")
        shutil.copyfile(pattern, paths[-1])
    room, asked, edited = Room(studio), [], 0
    for _ in range(ROUNDS):
        orders: list[str] = []
        for path in paths:
            if chance.random() < 0.7:
                orders += [f"-{edit(chance)}", "-m", "-overwrite_original", str(path), "-execute"]
            else:
                chance.choice(OTHERS)(path, chance)
        arguments = tmp_path / "arguments"
        arguments.write_text("\n".join(orders), "utf-8")
        command = [tool("exiftool"), "-@", str(arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        edited += done.stdout.count("1 image files updated")
        room.scanner.refresh()
        room.settle()
        snapshot = room.scanner.snapshot()
        asked += [*snapshot.starred, *snapshot.rejected, *snapshot.unstarred]
    assert asked == []
    assert edited > PICTURES * ROUNDS / 2
    for path in paths:
        os.setxattr(path, "user.baloo.rating", b"2")
    room.scanner.refresh()
    room.settle()
    assert len(room.starred) == PICTURES
