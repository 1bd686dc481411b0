"""The gallery's pages, as text. The same pieces and options give the same bytes."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from hotfolder.gallery.arrangement import Piece, Tag, searchable, tags
from hotfolder.gallery.exhibit import Exhibit, thumbnail_settings

PER_PAGE = 200
_FEED_ENTRIES = 50
_UNDATED = "1970-01-01T00:00:00+00:00"
_STATIC = (
    *("gallery.css", "gallery.js", "photoswipe.css", "photoswipe.umd.min.js"),
    *("photoswipe-lightbox.umd.min.js", "photoswipe.LICENSE.txt"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """How the gallery looks. `address` is where it will lie on the web, with a "/" at its end.

    Without `prompts` no word of any picture's making stands in any file.
    """

    title: str
    prompts: bool = False
    address: str = ""
    language: str = "en"


def languages() -> list[str]:
    """Those there are words for."""
    folder = files("hotfolder.gallery") / "words"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir())


@cache
def words(language: str) -> Mapping[str, str]:
    """What stands on the pages, by key."""
    text = (files("hotfolder.gallery") / "words" / f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def static() -> str:
    """A digest of all that pages are made of besides pictures."""
    digest = hashlib.sha256()
    for room in ("static", "templates", "words"):
        folder = files("hotfolder.gallery") / room
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def site(pieces: Sequence[Piece], options: Options) -> Iterator[tuple[str, bytes]]:
    """All files but the pictures: (path, content)."""
    shelf = _Shelf(pieces, options)
    for name in _STATIC:
        yield name, (files("hotfolder.gallery") / "static" / name).read_bytes()
    yield "ratios.css", _ratios(pieces).encode()
    yield "pictures.js", _data(pieces, options).encode()
    yield from shelf.walls("", pieces, None)
    for tag in shelf.tags:
        yield from shelf.walls(tag.word, [p for p in pieces if p.shown.id in tag.ids], tag)
    for number, piece in enumerate(pieces):
        before = pieces[number - 1] if number else None
        after = pieces[number + 1] if number + 1 < len(pieces) else None
        yield f"picture/{piece.shown.id}.html", shelf.picture(piece, before, after)
    yield "feed.xml", shelf.feed()


class _Shelf:
    """Fills the templates."""

    def __init__(self, pieces: Sequence[Piece], options: Options) -> None:
        self.pieces, self.options = pieces, options
        self.tags = tags(pieces) if options.prompts else []
        self._env = Environment(
            loader=PackageLoader("hotfolder.gallery"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._env.globals |= {
            "options": options,
            "w": words(options.language),
            "count": len(pieces),
            "ratio": ratio,
            "alt": self.alt,
            "suffixes": list(thumbnail_settings()),
            "tag_page": tag_page,
        }
        self._numbers = {piece.shown.id: number for number, piece in enumerate(pieces, 1)}

    def alt(self, shown: Exhibit) -> str:
        """What a picture is for those who do not see it."""
        if self.options.prompts and shown.prompt:
            return shown.prompt
        said = words(self.options.language)
        number = self._numbers.get(shown.id)
        return said["picture_number"].format(number=number) if number else said["draft"]

    def walls(
        self, name: str, pieces: Sequence[Piece], tag: Tag | None
    ) -> Iterator[tuple[str, bytes]]:
        """The pages on which these pictures hang."""
        pages = max(1, math.ceil(len(pieces) / PER_PAGE))
        paths = [wall_page(name, number) for number in range(1, pages + 1)]
        for number, path in enumerate(paths):
            part = pieces[number * PER_PAGE : (number + 1) * PER_PAGE]
            yield (
                path,
                self._filled(
                    "wall.html",
                    root="../" if tag else "",
                    path="" if path == "index.html" else path,
                    pieces=part,
                    tag=tag,
                    tags=self.tags if tag is None else [],
                    total=len(pieces),
                    paths=[one.rpartition("/")[2] for one in paths],
                    at=number,
                    cover=part[0].shown if part else None,
                ),
            )

    def picture(self, piece: Piece, before: Piece | None, after: Piece | None) -> bytes:
        """The page of one picture: large, what it was made from, and how."""
        mine = [tag for tag in self.tags if piece.shown.id in tag.ids]
        return self._filled(
            "picture.html",
            root="../",
            path=f"picture/{piece.shown.id}.html",
            piece=piece,
            before=before,
            after=after,
            tags=mine,
            cover=piece.shown,
        )

    def feed(self) -> bytes:
        """The newest pictures as an Atom feed (RFC 4287)."""
        newest = self.pieces[:_FEED_ENTRIES]
        ids = "".join(piece.shown.id for piece in self.pieces)
        return self._filled(
            "feed.xml",
            pieces=newest,
            updated=max((p.shown.created for p in newest), default="") or _UNDATED,
            undated=_UNDATED,
            urn=urn,
            own=urn(self.options.address or hashlib.sha256(ids.encode()).hexdigest()),
        )

    def _filled(self, template: str, **given: Any) -> bytes:
        return self._env.get_template(template).render(given).encode("utf-8", "replace")


def wall_page(tag: str, number: int) -> str:
    """The path of the page on which the pictures of a tag, or ("") all of them, go on."""
    first = "index.html" if number == 1 else f"page-{number}.html"
    if not tag:
        return first
    return tag_page(tag) if number == 1 else tag_page(tag).replace(".html", f"-{number}.html")


def tag_page(word: str) -> str:
    """The path of a tag's first page: plain letters, whatever the word is written in."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in word)
    if plain != word.replace(" ", "-"):
        plain = hashlib.sha256(word.encode()).hexdigest()[:12]
    return f"tag/{plain}.html"


def ratio(shown: Exhibit) -> int:
    """How much wider than high, in steps of two hundredths; decides how wide it hangs in a row."""
    # As gallery.js has it: halves go up.
    return max(20, min(600, 2 * math.floor(50 * shown.width / shown.height + 0.5)))


def urn(text: str) -> str:
    """A name for ever, as feeds want one."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}"


def _ratios(pieces: Iterable[Piece]) -> str:
    """Each picture grows as it is wide, so that all of a row are equally high: no script needed."""
    found = {ratio(one) for p in pieces for one in (p.shown, p.draft) if one is not None}
    return "".join(
        f".r{number}{{flex:{number / 100:g} 1 calc({number / 100:g}*var(--row))}}\n"
        for number in sorted(found)
    )


def _data(pieces: Iterable[Piece], options: Options) -> str:
    """What the script knows of all pictures, whichever page it runs on."""
    rows = [
        [
            piece.shown.id,
            piece.shown.width,
            piece.shown.height,
            searchable(piece.shown.prompt) if options.prompts else "",
        ]
        for piece in pieces
    ]
    said = {key: text for key, text in words(options.language).items() if key.startswith("js_")}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    suffixes = json.dumps(list(thumbnail_settings()))
    text = f"window.gallery={{words:{json.dumps(said, ensure_ascii=False)},suffixes:{suffixes},"
    # A line separator may stand in JSON, but once ended a line of scripts.
    return f"{text}pictures:[\n{lines}\n]}};\n".replace("\u2028", " ").replace("\u2029", " ")
