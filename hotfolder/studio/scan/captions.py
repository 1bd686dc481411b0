"""The text beside a picture in `seeds/`: its prompt, in any format that prompt files have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import NamedTuple

from hotfolder import bounded_toml
from hotfolder.errors import mistake
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.prompts import formats, text_encoding
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import draw
from hotfolder.recipes.profile import Profile
from hotfolder.studio import beneath
from hotfolder.studio.config.fit_prompts import read as prompts_of
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import NOTE
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.limits import check_text
from hotfolder.studio.scan.prompt_files import requests_of

SUFFIXES = (".txt", ".toml", ".TXT", ".TOML")
MORE = ".refine.toml"
"""How the names of files end that say how a picture beside them is to be refined once more."""

_MOST_BYTES = 2**14

ALONE = "there is no picture with the same name beside it; prompts for drafts belong in inbox/"


class Text(NamedTuple):
    """A text file beside a picture: its name and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Caption:
    """What a picture is refined with, and sentences on what of it is not used."""

    prompt: str
    negative: str
    profile_name: str
    profile: Profile
    notes: tuple[str, ...] = ()


def beside(studio: Studio, picture: str) -> Text | None:
    """The text of a picture's name: a.txt, a.toml, a.png.txt or a.png.toml. Raises OSError."""
    for path in paths(picture):
        if beneath.is_file(studio.root, path):
            file = studio.root / path
            return Text(file.name, read_file(file, _MOST_BYTES, studio.root))
    return None


def more(studio: Studio, picture: str) -> Text | None:
    """What asks for more of a picture: a.refine.toml or a.png.refine.toml. Raises OSError."""
    path = PurePosixPath(picture)
    for name in (path.stem, path.name):
        file = f"{path.parent}/{name}{MORE}"
        if beneath.is_file(studio.root, file):
            data = read_file(studio.root / file, text_encoding.MAX_BYTES, studio.root)
            return Text(f"{name}{MORE}", data)
    return None


def with_more(text: Text, caption: Caption, config: Config) -> Caption:
    """What a picture is refined with by a file that asks for more; raises MistakesError.

    Its keys are those of `[refine]`, and `profile`.
    """
    check_text(text.data, config.settings.limits)
    table = bounded_toml.table(text_encoding.decode(text.data))
    name, profile = caption.profile_name, caption.profile
    if "profile" in table:
        name = str(table.pop("profile"))
        profile = config.profile(name)
    return replace(
        caption, profile_name=name, profile=profiles.override(profile, {"refine": table})
    )


def paths(picture: str) -> Iterator[str]:
    """Where the text of a picture may lie."""
    path = PurePosixPath(picture)
    for name in (path.stem, path.name):
        for suffix in SUFFIXES:
            yield f"{path.parent}/{name}{suffix}"


def is_one(path: str) -> bool:
    """Whether a file may be the text of a picture in `seeds/`, by its name."""
    is_text = path.startswith("seeds/") and path.endswith(SUFFIXES)
    return is_text and not path.endswith(NOTE)


def pictures(text: str) -> Iterator[str]:
    """The paths of the pictures that a file may be the text of; none for other files."""
    if not is_one(text):
        return
    path = PurePosixPath(text)
    base = text.removesuffix(MORE) if text.endswith(MORE) else text.removesuffix(path.suffix)
    yield base
    for suffix in picture_suffixes():
        yield from (base + suffix, base + suffix.upper())


def read(text: Text, config: Config, studio: Studio) -> Caption:
    """What a text says of its picture; of several prompts the first. Raises MistakesError."""
    if len(text.data) > _MOST_BYTES:
        raise mistake(f"a text beside a picture may have {_MOST_BYTES >> 10} KB, and it has more")
    check_text(text.data, config.settings.limits)
    written = text_encoding.decode(text.data)
    prompts = prompts_of(formats.suffix_of(text.name), written, config, studio)
    (request,) = requests_of(prompts[:1], config)
    notes = request.notes
    if len(prompts) > 1:
        notes = (*notes, f"{text.name} has {len(prompts)} prompts; the first is used")
    profile = request.profile
    drawn = draw(request.prompt, profile, 0, config.salt, config.words, config.shelf(profile))
    return Caption(drawn.prompt, drawn.negative_prompt, request.profile_name, profile, notes)
