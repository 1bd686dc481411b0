"""What is left of our pictures when a program has been at them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hotfolder.errors import PictureError
from hotfolder.images import metadata, recipe_text
from hotfolder.recipes.recipe import Recipe
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import archive
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

    @property
    def suffix(self) -> str:
        """The ending of its name."""
        return Path(self.name).suffix


@dataclass(frozen=True, slots=True)
class Left:
    """What a program has left: the carriers that still have the recipe, and the pixels.

    `words` says that another program's prompts and seed are still there, `shown` that exiftool
    shows our text somewhere in the file although we do not find it. `failed` is why there is no
    picture at all.
    """

    carriers: tuple[str, ...] = ()
    pixels: bool = False
    words: bool = False
    shown: bool = False
    failed: str = ""

    @property
    def found(self) -> bool:
        """Whether the recipe is found again."""
        return bool(self.carriers) or self.pixels

    def __str__(self) -> str:
        if self.failed:
            return "cannot"
        ways = [*self.carriers, *["pixels"] * self.pixels]
        return " ".join(ways) or ("(words)" if self.words else "-")


def pictures(studio: Studio) -> tuple[Picture, ...]:
    """A draft and a final of each format, as if they had been made in `studio`."""
    found = []
    for name in json.loads((GOLDEN / "expected.json").read_text()):
        data = (GOLDEN / name).read_bytes()
        ours = recipe_text.find(metadata.read(data))
        assert ours is not None
        archive.enter(studio, ours.recipe, ours.record)
        found.append(Picture(name, str(ours.record.encoding), data, ours.recipe))
    return tuple(found)


def left(program: Program, picture: Picture, studio: Studio, folder: Path) -> Left:
    """What `program` leaves of a picture that was made in `studio`; it works in a new folder."""
    folder.mkdir()
    source = folder / f"before{picture.suffix}"
    target = folder / f"after{program.gives or picture.suffix}"
    source.write_bytes(picture.data)
    if program.in_place:
        shutil.copy(source, target)
    words = [word.replace("<in>", str(source)) for word in program.command]
    words = [word.replace("<out>", str(target)) for word in words]
    # GIMP and others keep settings in the home folder.
    home = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    # Some programs complain and leave a file, some do not and leave none: the file counts.
    done = subprocess.run(  # noqa: PLW1510
        words, cwd=folder, capture_output=True, timeout=LIMIT_S, env=home
    )
    if not target.exists():
        return Left(failed=done.stderr.decode(errors="replace")[-500:] or f"rc {done.returncode}")
    try:
        return _examined(target, picture, studio)
    except PictureError as error:
        return Left(failed=str(error))


def problem(program: Program, picture: Picture, found: Left) -> str:
    """A sentence if a recipe was not found that should have been; empty if all is well."""
    case = f"{program.name} on {picture.name}"
    if found.failed:
        return f"{case}: {found.failed}"
    if found.shown:
        return f"{case}: exiftool shows our text, and it is not found"
    if picture.suffix in program.keeps and not found.found:
        return f"{case}: the pixels should be the same, and the recipe is not found"
    return ""


def table(programs: Sequence[Program], studio: Studio, folder: Path) -> tuple[str, tuple[str, ...]]:
    """The page with what all programs leave of all pictures, and what is wrong in it."""
    shown = pictures(studio)
    kinds = list(dict.fromkeys(picture.kind for picture in shown))
    lines = [f"| | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    wrong: list[str] = []
    lost: dict[str, list[str]] = {}
    for program in programs:
        cells: dict[str, list[str]] = {kind: [] for kind in kinds}
        for picture in shown:
            if picture.suffix not in program.takes:
                continue
            found = left(program, picture, studio, folder / f"{program.name} {picture.name}")
            wrong.append(problem(program, picture, found))
            cells[picture.kind].append(str(found))
            if not found.found:
                lost.setdefault(program.name, []).append(picture.kind)
        row = [" / ".join(dict.fromkeys(cells[kind])) for kind in kinds]
        lines.append(f"| {program.name} | {' | '.join(row)} |")
    listed = [f"- {name}: {', '.join(dict.fromkeys(of))}" for name, of in lost.items()]
    page = _PAGE.format(table="\n".join(lines), lost="\n".join(listed))
    return page, tuple(says for says in wrong if says)


_PAGE = """\
# What other programs leave of a picture

`make survival` runs each program over a draft and a final of each format, and writes this page.
Each cell says how the recipe can still be found afterwards. `text`, `comment`, `XMP` and `EXIF` are
the places in the file that still have it. `pixels` means that the pixels are the same; by these the
studio recognises a picture that has lost everything else.

{table}

The recipe is not found again in these cases, which change the pixels and keep none of those places:

{lost}
"""


def _examined(path: Path, picture: Picture, studio: Studio) -> Left:
    data = path.read_bytes()
    carriers = [
        carrier
        for carrier, text in recipe_text.carriers(metadata.read(data))
        if _is_of(text, picture.recipe)
    ]
    bare = identify(metadata.bare(data), studio)
    params = identify(data).params
    return Left(
        carriers=tuple(dict.fromkeys(carriers)),
        pixels=bare.recipe is not None and bare.recipe.id == picture.recipe.id,
        words=params is not None and params.seed == picture.recipe.seed,
        shown=not carriers and _shown(path, picture.recipe),
    )


def _shown(path: Path, recipe: Recipe) -> bool:
    """Whether exiftool finds the whole text of our recipe anywhere in a file."""
    command = ["exiftool", "-j", "-a", "-G1", str(path)]
    tags = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    return any(_is_of(str(value), recipe) for value in tags.values())


def _is_of(text: str, recipe: Recipe) -> bool:
    try:
        return recipe_text.parse(text)[0].id == recipe.id
    except PictureError:
        return False
