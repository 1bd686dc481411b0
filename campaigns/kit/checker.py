"""Reads a studio from the disk, and a book of what people did there, and says what is violated.

    python -m campaigns.kit.checker STUDIO BOOK.json

I1 none lost: each prompt has its drafts or one error note, each picture in seeds/ its finals.
I2 none duplicated: no picture twice, no draft or final too many, no second note.
I3 none torn: each published picture decodes and carries its recipe.
I4 people's files untouched: bytes, name, mtime.
I5 no temp files.
I6 progress without events, I7 seeds before drafts and I8 quiet when idle are seen over time: the
campaigns that are about them watch for them.

It shares no code with the product, only PNG and JSON.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

INVARIANTS = ("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8")
Violations = dict[str, list[str]]

_TEMPORARY = re.compile(r"^\.hotfolder-|\.tmp$|\.part$")
_NOTE = ".error.txt"


class Torn(Exception):
    """A picture is not whole."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture. `key` names it as a source: its recipe's id, or its pixels if edited."""

    path: Path
    sha256: str
    recipe: Mapping[str, Any] | None
    identity: str
    key: str


def check(root: Path, book: Mapping[str, Any]) -> Violations:
    """What is violated in the studio at `root`, a sentence for each case, by invariant."""
    found: Violations = defaultdict(list)
    owned = {file["sha256"] for file in book["files"]}
    pictures: dict[str, list[Picture]] = {}
    links: dict[tuple[int, int], Picture] = {}  # a file of many names is read once
    for room in ("drafts", "seeds", "final"):
        pictures[room] = []
        for path in _files(root / room):
            if path.suffix != ".png" or path.name.startswith("."):
                continue
            status = path.stat()
            known = links.get((status.st_dev, status.st_ino))
            try:
                picture = replace(known, path=path) if known else read(path)
                links[status.st_dev, status.st_ino] = picture
            except Torn as torn:
                if hashlib.sha256(path.read_bytes()).hexdigest() not in owned:
                    found["I3"].append(f"{path}: {torn}")
                continue
            foreign = picture.recipe is None and picture.sha256 not in owned
            if foreign and not _is_conflict(path):
                found["I3"].append(f"{path}: carries no recipe")
            pictures[room].append(picture)
    _check_prompts(root, book, pictures, found)
    _check_refused(root, book, found)
    _check_seeds(root, book, pictures, found)
    _check_copies(book, pictures, found)
    _check_owned(root, book, found)
    for path in _files(root):
        if _TEMPORARY.search(path.name):
            found["I5"].append(f"{path} is left")
    return dict(found)


def unjudged(root: Path) -> Violations:
    """Pictures in `seeds/` of which no line of any machine says that they were picked (I1)."""
    known = set()
    for path in (root / ".hotfolder" / "taste").glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            try:
                known.add(json.loads(line)["picture"])
            except (ValueError, KeyError):
                continue  # a line that a kill has torn
    seeds = [read(path) for path in _files(root / "seeds") if path.suffix == ".png"]
    lost = [p for p in seeds if p.recipe and p.identity not in known and not _is_conflict(p.path)]
    return {"I1": [f"that {p.path} was picked is forgotten" for p in lost]} if lost else {}


def seems_done(root: Path, book: Mapping[str, Any]) -> bool:
    """Whether nothing is missing in a studio that is being worked on: a hint when to stop it."""
    try:
        return not check(root, book).get("I1")
    except OSError:
        return False  # something was moved just now


def read(path: Path) -> Picture:
    """The picture in a PNG file; raises Torn if anything of it is missing or wrong."""
    data = path.read_bytes()
    texts, header = {}, b""
    for kind, payload in _chunks(data):
        if kind == b"IHDR":
            header = payload
        elif kind == b"tEXt":
            keyword, _, text = payload.partition(b"\0")
            texts[keyword] = text
    if len(header) != 13:
        raise Torn("has no header")
    try:
        with Image.open(io.BytesIO(data)) as image:
            shown = image.convert("RGB")
    except Exception as error:
        raise Torn(f"does not decode: {error}") from None
    pixels = hashlib.sha256(f"{shown.width}x{shown.height}:RGB:".encode() + shown.tobytes())
    sha256 = hashlib.sha256(data).hexdigest()
    if b"hotfolder" not in texts:
        return Picture(path, sha256, None, "", pixels.hexdigest())
    try:
        params = json.loads(texts[b"hotfolder"])
        recipe, record = params["recipe"], params["record"]
    except (ValueError, KeyError, TypeError):
        raise Torn("carries a broken recipe") from None
    identity = _identity(recipe)
    is_edited = record.get("pixels", pixels.hexdigest()) != pixels.hexdigest()
    return Picture(path, sha256, recipe, identity, pixels.hexdigest() if is_edited else identity)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, each with a right CRC, the last one IEND."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise Torn(f"is no PNG ({len(data)} bytes)")
    place, kind = 8, b""
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, payload = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        crc = data[place + 8 + length : place + 12 + length]
        if zlib.crc32(kind + payload).to_bytes(4, "big") != crc:
            raise Torn(f"has a torn chunk at {place} of {len(data)} bytes")
        yield kind, payload
        place += 12 + length
    if kind != b"IEND":
        raise Torn("has no end")


def _identity(recipe: Mapping[str, Any]) -> str:
    whole = {"schema": 1, **recipe}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _check_prompts(
    root: Path, book: Mapping[str, Any], pictures: Mapping[str, list[Picture]], found: Violations
) -> None:
    drafts = {p.identity: p.recipe for p in (*pictures["drafts"], *pictures["seeds"])}
    made = Counter(
        recipe["prompt"] for recipe in drafts.values() if recipe and not recipe.get("source")
    )
    made.update(book["deleted"])
    for text, wanted in book["prompts"].items():
        if made[text] < wanted:
            found["I1"].append(f"{text!r} has {made[text]} of {wanted} drafts")
        if made[text] > wanted + book["maybe"].get(text, 0):
            found["I2"].append(f"{text!r} has {made[text]} drafts, {wanted} were wanted")
    for text in made.keys() - book["prompts"].keys():
        if made[text] > book["maybe"].get(text, 0):
            found["I2"].append(f"{text!r} has {made[text]} drafts and was not asked for")


def _check_refused(root: Path, book: Mapping[str, Any], found: Violations) -> None:
    notes = [path for path in _files(root) if path.name.endswith(_NOTE)]
    for name in book["refused"]:
        own = [p for p in notes if p.name.startswith(name[:200]) and p.stat().st_size]
        if not own:
            found["I1"].append(f"{name!r} has no error note")
        if len(own) > 1:
            found["I2"].append(f"{name!r} has {len(own)} error notes")
    known = tuple(name[:200] for name in (*book["refused"], *book["refusable"]))
    for path in notes:
        if not (known and path.name.startswith(known)):
            found["I2"].append(f"{path} is a note that nothing calls for")


def _check_seeds(
    root: Path, book: Mapping[str, Any], pictures: Mapping[str, list[Picture]], found: Violations
) -> None:
    made: Counter[str] = Counter()
    for picture in {p.identity: p for p in pictures["final"] if p.recipe}.values():
        assert picture.recipe is not None
        source = picture.recipe
        for _ in range(picture.recipe.get("link", 1)):  # what was picked lies below its chain
            source = source.get("source") or {}
        made[source.get("sha256") or _identity(source)] += 1
    for seed in {picture.key: picture for picture in pictures["seeds"]}.values():
        if _is_conflict(seed.path):
            continue
        if made[seed.key] < book["finals"]:
            found["I1"].append(f"{seed.path} has {made[seed.key]} of {book['finals']} finals")
    for key, count in made.items():
        if count > book["finals"]:
            found["I2"].append(f"the picture {key[:8]} has {count} finals")


def _is_conflict(path: Path) -> bool:
    return ".sync-conflict-" in path.name


def _check_copies(
    book: Mapping[str, Any], pictures: Mapping[str, list[Picture]], found: Violations
) -> None:
    places: dict[str, list[Picture]] = defaultdict(list)
    for picture in (picture for room in pictures.values() for picture in room):
        if picture.recipe and not _is_conflict(picture.path):
            places[picture.identity].append(picture)
    for same in places.values():
        copied = sum(book["copies"].get(sha256, 0) for sha256 in {p.sha256 for p in same})
        if len(same) > 1 + copied:
            names = ", ".join(str(picture.path) for picture in same)
            found["I2"].append(f"one picture is there {len(same)} times: {names}")


def _check_owned(root: Path, book: Mapping[str, Any], found: Violations) -> None:
    taken: set[Path] = set()
    for file in book["files"]:
        name = file["path"].rpartition("/")[2]
        stem, dot, suffix = name.rpartition(".")
        stem, suffix = (stem, dot + suffix) if stem else (name, "")
        fits = [path for folder in file["folders"] for path in _named(root / folder, stem, suffix)]
        same = [path for path in fits if path not in taken and _is_same(path, file)]
        if same:
            taken.add(same[0])
        else:
            there = ", ".join(map(str, fits)) or "nowhere"
            found["I4"].append(f"{file['path']!r} is changed or gone (of its name: {there})")


def _named(folder: Path, stem: str, suffix: str) -> list[Path]:
    """Files of this name in a folder, or of this name with a number (and cut if too long)."""
    exact = folder / (stem + suffix)
    paths = [exact] if exact.exists() else []
    if folder.is_dir() and stem:
        numbered = re.compile(r"-\d+" + re.escape(suffix) + r"\Z")
        for name in os.listdir(folder):  # noqa: PTH208 - names with any bytes
            match = numbered.search(name)
            if match and (stem == name[: match.start()] or _is_cut(stem, name[: match.start()])):
                paths.append(folder / name)
    return paths


def _is_cut(stem: str, shorter: str) -> bool:
    return len(os.fsencode(stem)) > 200 and len(shorter) > 40 and stem.startswith(shorter)


def _is_same(path: Path, file: Mapping[str, Any]) -> bool:
    if path.stat().st_mtime_ns != file["mtime_ns"]:
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]


def _files(folder: Path) -> Iterator[Path]:
    for above, _, names in os.walk(folder):
        for name in names:
            yield Path(above, name)


if __name__ == "__main__":
    violations = check(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
    for invariant, cases in sorted(violations.items()):
        print(*(f"{invariant} {case}" for case in cases), sep="\n")
    sys.exit(bool(violations))
