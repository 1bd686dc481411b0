"""STATUS.html: what a studio does, for those who see only its folder. No scripts, one file."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from itertools import islice
from pathlib import Path

from hotfolder.errors import HotfolderError, PictureError, many, printable, reason
from hotfolder.images.metadata import read, suffixes
from hotfolder.light.portrait import small
from hotfolder.studio import beneath
from hotfolder.studio.config.load import settings_alone
from hotfolder.studio.layout import REJECTS, Studio
from hotfolder.studio.scan import failed
from hotfolder.studio.scan.listing import listing
from hotfolder.studio.store import judgements, making_file, status_file
from hotfolder.studio.store.making_file import MakingFile
from hotfolder.studio.store.status_file import StatusFile

_log = logging.getLogger(__name__)
NAME = "STATUS.html"
EVERY_S = 10.0
_ENDING_S = 0.5
_MARK = "<!-- written by hotfolder; status_page = false in hotfolder.toml ends that -->"
_NEWEST = 12
_HIGH_PX = 120
_MOST_FAILED = 20
_STYLE = """\
:root{color-scheme:light dark;--paper:#f6f4ef;--sheet:#fffdf9;--line:#d9d5cb;--ink:#26241f;
--soft:#69655c;--bad:#a8321f}
@media(prefers-color-scheme:dark){:root{--paper:#141416;--sheet:#1d1d20;--line:#36363b;
--ink:#ece9e2;--soft:#a5a199;--bad:#ff9b86}}
body{margin:0;padding:24px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI","Hiragino Sans","Noto Sans CJK JP",sans-serif}
main{max-width:1000px;margin:auto}h1{font-size:20px;margin:0}h2{font-size:15px;margin:26px 0 8px}
.soft{color:var(--soft)}.bad{color:var(--bad);white-space:pre-line}
.wall{display:flex;flex-wrap:wrap;gap:6px;align-items:start}.wall::after{content:"";flex:99}
.wall img{border-radius:4px;display:block;min-width:0}.whole{white-space:nowrap}
li,p{margin:4px 0;overflow-wrap:anywhere}ul{padding-left:20px;margin:0}
.now{display:flex;gap:14px;align-items:center;padding:10px 14px;border:1px solid var(--line);
border-radius:10px;background:var(--sheet)}.now img{height:72px;border-radius:4px}
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says: `drafts` and `finals` map paths to JPEGs, the newest first, `failed` maps
    paths to sentences.
    """

    name: str
    making: MakingFile
    status: StatusFile
    failed: Mapping[str, str]
    drafts: Mapping[str, bytes]
    finals: Mapping[str, bytes]
    counts: tuple[int, int, int]


def page(shown: Shown, written: str) -> str:
    """The page; `written` says when."""
    return "\n".join(_lines(shown, written)) + "\n"


def _lines(shown: Shown, written: str) -> Iterator[str]:
    name, making = escape(shown.name), shown.making
    yield "<!doctype html>"
    yield _MARK
    yield '<html lang="en"><head><meta charset="utf-8"><title>' + name + " - hotfolder</title>"
    yield '<meta name="viewport" content="width=device-width">'
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield f"<style>{_STYLE}</style></head><body><main><h1>{name}</h1>"
    drafts, seeds, finals = shown.counts
    counted = f"{many(drafts, 'draft')}, {seeds:,} picked, {many(finals, 'final')}"
    yield f'<p class="soft">{counted} · <span class="whole">as of {escape(written)}</span></p>'
    if shown.status.pause:
        yield f'<p class="bad">{escape(shown.status.pause)}</p>'
    yield "<h2>In progress</h2>"
    for one in making.making:
        step = f"step {one.step} of {one.steps}" if one.steps else ""
        image = _image(one.preview, "", "png") if one.preview else ""
        what = f'<div>{escape(one.what)}<br><span class="soft">{step}</span></div>'
        yield f'<div class="now">{image}{what}</div>'
    if not making.making:
        yield '<p class="soft">Nothing at the moment.</p>'
    if making.an_hour:
        yield f'<p class="soft">{making.an_hour:,.0f} pictures an hour</p>'
    yield from _section("Waiting", (f"{path}: {says}" for path, says in shown.status.waits.items()))
    mistakes = (f"{path}: {says}" for path, says in shown.failed.items())
    yield from _section("To be fixed and put back into inbox/", mistakes, "bad")
    others = [says for says in making.warned if not any(path in says for path in shown.failed)]
    yield from _section("Troubles", others[-5:], "bad")
    for title, pictures in (("Newest finals", shown.finals), ("Newest drafts", shown.drafts)):
        if pictures:
            yield f'<h2>{title}</h2><div class="wall">'
            yield from (_image(jpeg, path, style=_filling(jpeg)) for path, jpeg in pictures.items())
            yield "</div>"
    yield "</main></body></html>"


def _section(title: str, sentences: Iterable[str], kind: str = "") -> Iterator[str]:
    found = [f'<li class="{kind}">{escape(says)}</li>' for says in sentences]
    if found:
        yield f"<h2>{title}</h2><ul>{''.join(found)}</ul>"


def _image(data: bytes, path: str, kind: str = "jpeg", style: str = "") -> str:
    words = escape(printable(path), quote=True)
    opening = f'<img alt="{words}" title="{words}" style="{style}" src="data:image/{kind};base64,'
    return opening + base64.b64encode(data).decode("ascii") + '">'


def _filling(jpeg: bytes) -> str:
    """How a picture fills a row with others: all of one height, each as wide as its shape."""
    found = read(jpeg)
    shape = found.width / found.height
    return f"flex:{shape:.3f} 1 {shape * _HIGH_PX:.0f}px"


class StatusPage:
    """Keeps STATUS.html up to date while a daemon works, if the owner wants that."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status page", daemon=True)
        self._wanted: tuple[int, bool] = (-1, False)
        self._before = ""
        self._small: dict[tuple[str, int], bytes] = {}

    def __enter__(self) -> StatusPage:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(_ENDING_S)
        if not self._thread.is_alive():
            with suppress(OSError, HotfolderError):
                self.write()  # that nothing is being made any more

    def write(self) -> bool:
        """Write the page if it says something new; whether it was written. Raises OSError."""
        if not self._is_wanted() or not self._is_ours():
            return False
        shown = self._shown()
        if page(shown, "") == self._before:
            return False
        text = page(shown, time.strftime("%Y-%m-%d %H:%M"))
        judgements.replace(self._studio, NAME, text.encode("utf-8", "backslashreplace"))
        self._before = page(shown, "")
        return True

    def _run(self) -> None:
        every_s = 0.0
        while not self._stopping.wait(every_s):
            began = time.monotonic()
            try:
                self.write()
            except (OSError, HotfolderError) as error:
                says = reason(error) if isinstance(error, OSError) else str(error)
                _log.info("%s is not up to date: %s", NAME, says)
            every_s = max(EVERY_S, 50 * (time.monotonic() - began))

    def _is_wanted(self) -> bool:
        """What the settings say; they are read again when their file changes."""
        try:
            changed = self._studio.settings.stat().st_mtime_ns
        except FileNotFoundError:
            changed = 0
        if changed != self._wanted[0]:
            self._wanted = changed, settings_alone(self._studio).status_page
        return self._wanted[1]

    def _is_ours(self) -> bool:
        """Whether no page of the owner's own has that name."""
        try:
            return _MARK.encode() in beneath.read(self._studio.root, NAME, 500)
        except FileNotFoundError:
            return True
        except PictureError:
            return False

    def _shown(self) -> Shown:
        rooms: dict[str, list[tuple[int, str]]] = {"drafts": [], "seeds": [], "final": []}
        for path, reading in listing(self._studio.root):
            if path.lower().endswith(tuple(suffixes())) and not path.startswith(f"{REJECTS}/"):
                rooms[path.partition("/")[0]].append((reading.mtime_ns, path))
        drafts, seeds, finals = rooms.values()
        walls = [self._wall(newest) for newest in (drafts, finals)]
        self._small = {key: jpeg for wall in walls for key, jpeg in wall.items()}
        return Shown(
            Path(self._studio.root).name,
            making_file.read(self._studio.root) if not self._stopping.is_set() else MakingFile(),
            status_file.read(self._studio.root),
            dict(islice(failed.reasons(self._studio).items(), _MOST_FAILED)),
            {path: jpeg for (path, _), jpeg in walls[0].items()},
            {path: jpeg for (path, _), jpeg in walls[1].items()},
            (len(drafts), len(seeds), len(finals)),
        )

    def _wall(self, pictures: list[tuple[int, str]]) -> dict[tuple[str, int], bytes]:
        found = {}
        for mtime, path in sorted(pictures, reverse=True)[:_NEWEST]:
            jpeg = self._small.get((path, mtime))
            if jpeg is None and not self._stopping.is_set():  # a large one takes a while
                jpeg = small(self._studio.root, path)
            if jpeg:
                found[path, mtime] = jpeg
        return found
