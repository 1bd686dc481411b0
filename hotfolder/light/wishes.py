"""Prompt files from the browser: checked while somebody types, dropped into `inbox/`, mended."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Annotated, Any

import tomli_w
from msgspec import Meta, Struct

from hotfolder.errors import (
    HotfolderError,
    Mistake,
    MistakesError,
    PictureError,
    printable,
    refusal,
)
from hotfolder.prompts import formats, text_encoding
from hotfolder.prompts.folder import NAME as FOLDER_FILE
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import draw
from hotfolder.studio import beneath
from hotfolder.studio.config.fit_prompts import read
from hotfolder.studio.config.load import examine
from hotfolder.studio.layout import Studio
from hotfolder.studio.names import is_temporary, slug
from hotfolder.studio.reading import Reading, read_file
from hotfolder.studio.scan.folders import Folders, above, is_table
from hotfolder.studio.scan.limits import check_requests, check_text
from hotfolder.studio.scan.listing import folders, is_within, listing
from hotfolder.studio.scan.prompt_files import in_folder, requests_of
from hotfolder.studio.store import atomic, judgements

_SHOWN = 6
_MOST_FAILED = 200
_MOST_FOLDERS = 200
_NOTE = ".error.txt"
Text = Annotated[str, Meta(max_length=1_000_000)]
Name = Annotated[str, Meta(max_length=200)]


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody filled in: a blank line starts another prompt; what is empty is left out.

    It is for a `folder` below `inbox/`. With `suffix` the text is a whole file of that kind, and
    nothing else counts.
    """

    text: Text
    negative: Text = ""
    profile: Name = ""
    count: Name = ""
    aspect: Name = ""
    folder: Annotated[str, Meta(max_length=1000)] = ""
    suffix: Annotated[str, Meta(pattern=r"^(\.[a-z]{2,5})?\Z")] = ""


class Mended(Struct, frozen=True, forbid_unknown_fields=True):
    """A file in `inbox/failed/` by its path below that, and what shall be in it."""

    name: Annotated[str, Meta(min_length=1, max_length=1000)]
    text: Text


def check(studio: Studio, wish: Wish) -> dict[str, Any]:
    """What is wrong with a wish, or the first prompts that it would make, and the file's text.

    It is what `hotfolder check` and the daemon say of the same file. `profiles` and `folders` are
    those to choose from, `words` the owner's word lists. `said` is what the folder says, in lines.
    """
    config, fatal = examine(studio)
    suffix, text = composed(wish)
    said, named, wrong = _said(studio, wish.folder, config)
    names = sorted(name for name in config.profiles if not _is_wrong(config, name))
    answer: dict[str, Any] = {
        "file": text,
        "suffix": suffix,
        "profiles": names,
        "default": said.get("profile") or named or config.settings.profile,
        "folders": inbox_folders(studio),
        "said": "\n".join(_lines(said)),
        "words": sorted(config.words)[:500],
        "mistakes": [*map(str, fatal), *wrong],
        "examples": [],
    }
    if not wish.text.strip() or wrong:
        return answer
    try:
        check_text(text.encode("utf-8", "replace"), config.settings.limits)
        prompts = read(suffix, text, config, studio, said.get("one_prompt_per", ""))
        found = requests_of(in_folder(prompts, said, named), config)
        check_requests(found, config.settings.limits)
    except MistakesError as error:
        answer["mistakes"] += [str(mistake) for mistake in error.mistakes]
        return answer
    drawn = [
        draw(request.prompt, request.profile, ordinal, config.salt, config.words)
        for ordinal in range(_SHOWN)
        for request in found[:_SHOWN]
    ]
    examples = [{"prompt": r.prompt, "width": r.width, "height": r.height} for r in drawn]
    answer["examples"] = list({e["prompt"]: e for e in examples}.values())[:_SHOWN]
    counts = [request.count for request in found]
    answer["count"] = "endless" if "endless" in counts else sum(int(count) for count in counts)
    return answer


def inbox_folders(studio: Studio) -> list[str]:
    """The folders in `inbox/` that prompt files can be dropped into, by their paths below it."""
    found = (path.removeprefix("inbox/") for path in folders(studio.root, "inbox", _MOST_FOLDERS))
    return [path for path in found if path.partition("/")[0] not in ("done", "failed")]


def _said(
    studio: Studio, folder: str, config: Config
) -> tuple[dict[str, Any], str | None, list[str]]:
    """What the folders say for a file in `folder`, as `prompt_files.Files` has it; mistakes."""
    path = f"inbox/{folder}/x" if folder else "inbox/x"
    if not is_within(studio.root, path):
        return {}, None, [f"there is no folder {printable(folder)} in inbox/"]
    known = Folders(studio)
    for place in above(path):
        for file in (f"{place}/{name}" for name in beneath.names(studio.root, place)):
            found = beneath.status(studio.root, file) if is_table(file) else None
            if found and stat.S_ISREG(found.st_mode):
                known.put(file, Reading.of(found))
    named = known.named(path, config.profiles)
    try:
        return known.table(path), named, []
    except MistakesError as error:
        return {}, named, [f"{FOLDER_FILE}: {mistake}" for mistake in error.mistakes]
    except OSError as error:
        return {}, named, [f"{FOLDER_FILE} cannot be read: {refusal(error)}"]


def _lines(said: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """What a folder says, a line for each key; as TOML, but that lists take one line each."""
    for key, value in said.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{above}{key}.")
        else:
            yield f"{above}{key} = {json.dumps(value, ensure_ascii=False)}"


def composed(wish: Wish) -> tuple[str, str]:
    """A wish as a file: its ending and its text. Plain text where that says all of it."""
    if wish.suffix:
        return wish.suffix, wish.text
    keys: dict[str, Any] = {}
    for key in ("negative", "profile", "aspect"):
        if value := getattr(wish, key).strip():
            keys[key] = value
    if count := wish.count.strip():
        keys["count"] = int(count) if count.isascii() and count.isdigit() else count
    if not keys:
        return ".txt", wish.text.strip() + "\n"
    blocks = wish.text.replace("\r\n", "\n").strip().split("\n\n")
    texts = [" ".join(block.split()) for block in blocks if block.strip()]
    prompt = {"prompts": texts} if len(texts) > 1 else {"prompt": (texts or [""])[0]}
    return ".toml", tomli_w.dumps({**prompt, **keys})


def ask(studio: Studio, wish: Wish) -> str:
    """Drop a wish into `inbox/`; returns its path. Raises MistakesError if it has mistakes."""
    suffix, text = composed(wish)
    if not wish.text.strip():
        raise HotfolderError("first write what the picture should show")
    if mistakes := check(studio, wish)["mistakes"]:
        raise MistakesError(Mistake("", says) for says in mistakes)
    name = slug(wish.text.strip().partition("\n")[0] if not wish.suffix else "prompt")
    place = f"inbox/{wish.folder}" if wish.folder else "inbox"
    return atomic.publish(studio.root, f"{place}/{name}{suffix}", text.encode())


def more_like(studio: Studio, path: str) -> str:
    """Drop a copy of a picture into `inbox/`, which asks for more like it; returns its path."""
    data = read_file(studio.root / path, below=studio.root)
    return atomic.publish(studio.root, f"inbox/{PurePosixPath(path).name}", data)


def failed(studio: Studio) -> list[dict[str, str]]:
    """The files in `inbox/failed/`, the last one first: name, note and, of texts, the text."""
    found = dict(listing(studio.root, ["inbox/failed"]))
    names = [path for path in found if not path.endswith(_NOTE)]
    names.sort(key=lambda path: found[path].ctime_ns, reverse=True)
    return [_failed(studio, path) for path in names[:_MOST_FAILED]]


def mend(studio: Studio, mended: Mended) -> str:
    """Put a failed file back into `inbox/` with other contents, and take its note away.

    Raises MistakesError while there is something wrong with it.
    """
    path = f"inbox/failed/{mended.name}"
    if not is_within(studio.root, path) or not (studio.root / path).is_file():
        raise HotfolderError("this file is no longer in inbox/failed/")
    suffix = PurePosixPath(path).suffix.lower()
    if formats.is_text(suffix):
        if mistakes := check(studio, _mended(studio, mended, suffix))["mistakes"]:
            raise MistakesError(Mistake("", says) for says in mistakes)
        judgements.replace(studio, path, mended.text.encode())
    to = atomic.move(studio.root, path, f"inbox/{mended.name}")
    judgements.replace(studio, path + _NOTE, None)
    return to


def _mended(studio: Studio, mended: Mended, suffix: str) -> Wish:
    """A mended file as a wish for the folder that it goes back to, if that is still there."""
    folder = mended.name.rpartition("/")[0]
    is_there = is_within(studio.root, f"inbox/{folder}/x")
    return Wish(mended.text, folder=folder if is_there else "", suffix=suffix)


def _failed(studio: Studio, path: str) -> dict[str, str]:
    text = ""
    with suppress(OSError, PictureError, MistakesError):
        if formats.is_text(PurePosixPath(path).suffix.lower()):
            data = read_file(studio.root / path, text_encoding.MAX_BYTES, studio.root)
            text = text_encoding.decode(data)
    note = ""
    with suppress(OSError, PictureError):
        data = read_file(studio.root / (path + _NOTE), 100_000, studio.root)
        note = data.decode("utf-8", "replace")
    name = path.removeprefix("inbox/failed/")
    return {"name": name, "shown": printable(name), "note": note, "text": text}


def _is_wrong(config: Config, name: str) -> bool:
    try:
        config.profile(name)
    except MistakesError:
        return True
    return is_temporary(name)
