"""What is left of our pictures when a program has been at them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotfolder.errors import PictureError
from hotfolder.images import carried, document, pixels
from hotfolder.images.foreign import readers
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from tests.survival.programs import Program

GOLDEN = Path(__file__).parent.parent / "golden" / "v1"
LIMIT_S = 120


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of ours: `name` is its file's, `kind` its encoding in words."""

    name: str
    kind: str
    data: bytes
    recipe: Recipe
    record: Record


@dataclass(frozen=True, slots=True)
class Left:
    """What a program has left: sound carriers, the pixels, A1111's words.

    `shown` says that exiftool shows our text somewhere in the file although no carrier is sound.
    `failed` is what the program said if it made no file.
    """

    carriers: tuple[str, ...] = ()
    same_pixels: bool = False
    a1111: bool = False
    shown: bool = False
    failed: str = ""

    @property
    def found(self) -> bool:
        """Whether the recipe is found again: it is carried, or the archive knows the pixels."""
        return bool(self.carriers) or self.same_pixels

    def __str__(self) -> str:
        if self.failed:
            return "cannot"
        ways = [*self.carriers, *(["pixels"] if self.same_pixels else [])]
        if ways:
            return " ".join(ways)
        return "(A1111)" if self.a1111 else "–"


def pictures() -> tuple[Picture, ...]:
    """A draft and a final of each format."""
    found = []
    for name in json.loads((GOLDEN / "expected.json").read_text()):
        data = (GOLDEN / name).read_bytes()
        ours = document.find(carried.read(data))
        assert ours is not None
        kind = str(ours.record.encoding)
        found.append(Picture(name, kind, data, ours.recipe, ours.record))
    return tuple(found)


def left(program: Program, picture: Picture, folder: Path) -> Left:
    """What `program` leaves of `picture`; it works in an empty folder."""
    suffix = Path(picture.name).suffix
    source = folder / f"before{suffix}"
    target = folder / f"after{program.gives or suffix}"
    source.write_bytes(picture.data)
    if program.in_place:
        shutil.copy(source, target)
    words = {"<in>": str(source), "<out>": str(target)}
    command = [_filled(word, words) for word in program.command]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, timeout=LIMIT_S, env=_environment(folder)
    )
    if not target.exists():
        return Left(failed=done.stderr.decode(errors="replace")[-300:] or str(done.returncode))
    return _examined(target, picture)


def problem(program: Program, picture: Picture, found: Left) -> str:
    """A sentence if a recipe was not found that should have been; empty if all is well."""
    case = f"{program.name} on {picture.name}"
    if found.failed:
        return ""
    if found.shown:
        return f"{case}: exiftool shows our text, and it is not read"
    if Path(picture.name).suffix in program.keeps and not found.found:
        return f"{case}: nothing is lost, and the recipe is not found"
    return ""


def table(
    programs: Sequence[Program], pictures: Sequence[Picture], folder: Path
) -> tuple[str, list[str]]:
    """The page with the matrix of all programs and pictures, and what is wrong in it."""
    wrong: list[str] = []
    lines: list[str] = []
    kinds = list(dict.fromkeys(picture.kind for picture in pictures))
    lost: list[str] = []
    for program in programs:
        cells: dict[str, list[str]] = {kind: [] for kind in kinds}
        for number, picture in enumerate(pictures):
            if Path(picture.name).suffix not in program.takes:
                continue
            place = folder / f"{len(lines)}-{number}"
            place.mkdir()
            found = left(program, picture, place)
            cells[picture.kind].append(str(found))
            if says := problem(program, picture, found):
                wrong.append(says)
            if not (found.found or found.failed):
                lost.append(f"{program.name}, {picture.kind}")
        row = [" / ".join(dict.fromkeys(cells[kind])) for kind in kinds]
        lines.append(f"| {program.name} | " + " | ".join(row) + " |")
    head = [f"| Program | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    return _PAGE.format(
        table="\n".join([*head, *lines]),
        lost="\n".join(f"- {case}" for case in dict.fromkeys(lost)),
    ), wrong


_PAGE = """\
# What other programs leave of a picture

`make survival` runs each program over a draft and a final of each format and writes this page.
A cell says where the recipe is found again afterwards: in the PNG's `text`, the JPEG's `comment`,
the `XMP` packet, `EXIF`; `pixels` says that the studio knows the picture by its pixels, whatever
it has lost. (A1111) means that only the words remain that A1111 would read: prompts, seed and
settings, but not all that it takes to make the picture again.

{table}

Not found again, for these change the pixels and carry nothing on:

{lost}
"""


def _examined(path: Path, picture: Picture) -> Left:
    try:
        contents = carried.read(path.read_bytes())
        image = pixels.decode(path.read_bytes())
    except PictureError as error:
        return Left(failed=str(error))
    sound = []
    for carrier, text in document.carriers(contents):
        try:
            same = document.parse(text)[0].id == picture.recipe.id
        except PictureError:
            continue
        if same:
            sound.append(carrier)
    told = readers.read(contents)
    return Left(
        carriers=tuple(dict.fromkeys(sound)),
        same_pixels=pixels.pixel_hash(image) == picture.record.pixels,
        a1111=told is not None and told.seed == picture.recipe.seed,
        shown=not sound and _shown(path, picture.recipe),
    )


def _shown(path: Path, recipe: Recipe) -> bool:
    """Whether exiftool finds the whole text of our recipe anywhere in a file."""
    command = ["exiftool", "-j", "-a", "-G1", str(path)]
    tags = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    return any(_holds(value, recipe) for value in tags.values())


def _holds(value: object, recipe: Recipe) -> bool:
    try:
        return document.parse(str(value))[0].id == recipe.id
    except PictureError:
        return False


def _filled(word: str, words: Mapping[str, str]) -> str:
    for token, path in words.items():
        word = word.replace(token, path)
    return word


def _environment(folder: Path) -> dict[str, str]:
    """GIMP and others keep settings in the home folder."""
    return {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}


def cases(
    programs: Iterable[Program], pictures: Sequence[Picture]
) -> list[tuple[Program, Picture]]:
    """Each program with each picture that it is for."""
    return [
        (program, picture)
        for program in programs
        for picture in pictures
        if Path(picture.name).suffix in program.takes
    ]
