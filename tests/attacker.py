"""Somebody who may write into a studio, knows the program, and means harm: what they try.

Each kind is a function of the studio, a private folder outside of it, and a source of chance. Those
of `RACES` put something into the place of a folder or file while it is being used, and take it away
again.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from hotfolder.images import recipe_text
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local
from tests.images.foreign.pictures import png
from tests.images.made import RECIPE, RECORD
from tests.samples import chunk

Attack = Callable[[Studio, Path, random.Random], object]
CANARY = "what only the owner knows"
_FOLDERS = (
    "inbox/sub", "inbox/done", "inbox/failed", "drafts", "seeds", "final", "wildcards", "profiles",
    ".hotfolder/recipes", ".hotfolder/ledger", ".hotfolder/sources", ".hotfolder/taste",
    ".hotfolder/sketches",
)  # fmt: skip
_SPARSE_BYTES = 60 * 10**9


def exchange(path: Path, put: Callable[[Path], object], rand: random.Random) -> None:
    """Something takes a folder's or a file's place for a moment, and gives it back."""
    aside = path.with_name(f".{path.name}.aside")
    path.rename(aside)
    try:
        put(path)
        time.sleep(rand.random() / 300)
    finally:
        with suppress(OSError):
            path.unlink()
        if path.is_dir() and not path.is_symlink():  # the daemon has made a new one meanwhile
            shutil.copytree(aside, path, dirs_exist_ok=True, symlinks=True)
            shutil.rmtree(aside)
        else:
            aside.rename(path)


def _link(home: Path, path: Path) -> None:
    path.symlink_to(home if path.suffix == "" else home / "secret.txt")


def _folder(name: str, put: str, studio: Studio, home: Path, rand: random.Random) -> None:
    path = studio.root / name
    if name == "inbox/sub":
        path.mkdir(exist_ok=True)
        (path / "secret.txt").write_text("a castle")
    ways = {"link": partial(_link, home), "file": Path.touch, "pipe": os.mkfifo}
    exchange(path, ways[put], rand)


def _file(room: str, put: str, studio: Studio, home: Path, rand: random.Random) -> None:
    """A file that the daemon is about to read or move."""
    found = [path for path in (studio.root / room).glob("[!.h]*.*") if path.is_file()]
    if found:
        ways = {"link": partial(_link, home), "folder": Path.mkdir}
        exchange(rand.choice(found), ways[put], rand)


RACES: dict[str, Attack] = {
    f"{name} for a {put}": partial(_folder, name, put)
    for name, put in (
        *((name, "link") for name in _FOLDERS),
        ("drafts", "file"),
        ("inbox/done", "file"),
        ("seeds", "pipe"),
        ("inbox/failed", "pipe"),
    )
}
RACES |= {
    f"a file of {room} for a {put}": partial(_file, room, put)
    for room, put in (
        ("inbox", "link"),
        ("seeds", "link"),
        ("inbox/failed", "link"),
        (".hotfolder/ledger", "link"),
        ("inbox", "folder"),
    )
}


def _put(path: str, how: str, studio: Studio, home: Path, rand: random.Random) -> None:
    """Something that is no file, or far too large, in the place of a file."""
    file = studio.root / path.format(rand.randrange(4))
    file.parent.mkdir(parents=True, exist_ok=True)
    if how == "a link":
        file.symlink_to(home / "secret.txt")
    elif how == "a pipe":
        os.mkfifo(file)
    elif how == "a folder":
        file.mkdir()
    else:
        with file.open("xb") as stream:
            stream.truncate(_SPARSE_BYTES)


_PLACES = {
    "prompt": "inbox/x{}.txt", "seed": "seeds/x{}.png", "draft": "drafts/x{}.png",
    "sidecar": "drafts/honest{}.png.xmp", "caption": "seeds/honest{}.txt",
    "list": "wildcards/x{}.txt", "profile": "profiles/x{}.toml",
    "ledger": ".hotfolder/ledger/x{}.jsonl",
    "archive": ".hotfolder/recipes/x{}/00.jsonl", "note": "inbox/failed/b{}.toml.error.txt",
    "judgement": ".hotfolder/taste/x{}.jsonl", "source": ".hotfolder/sources/x{}.png",
    "mask": "seeds/r{}.mask.png", "retouch": "seeds/r{}.retouch.txt",
    "wish": "seeds/r{}.refine.toml", "folder's file": "inbox/f{}/folder.toml",
    "pause": "inbox/f{}/PAUSE", "sketch": ".hotfolder/sketches/x{}.jsonl",
    "status page": "STATUS.html",
}  # fmt: skip
_PUT = {
    "a link": _PLACES,
    "a pipe": ("prompt", "seed", "ledger", "archive", "judgement", "sidecar", "mask", "wish",
               "folder's file", "status page"),
    "a folder": ("ledger", "archive", "note", "judgement", "mask", "pause", "status page"),
    "a giant": ("prompt", "seed", "list", "ledger", "archive", "judgement", "sidecar", "mask",
                "retouch", "wish", "folder's file", "sketch"),
}  # fmt: skip


def _write(path: str, data: str | bytes, studio: Studio, home: Path, rand: random.Random) -> None:
    file = studio.root / path.format(rand.randrange(6))
    written = data.encode() if isinstance(data, str) else data
    file.parent.mkdir(exist_ok=True)
    _lay(file, written.replace(b"HOME", bytes(home)))


def _lay(file: Path, data: bytes) -> None:
    """Write a file; a link or a pipe of another attack is for the daemon alone to meet."""
    if file.is_symlink() or file.is_fifo():
        file.unlink()
    file.write_bytes(data)


def _forged(machine: str, studio: Studio, home: Path, rand: random.Random) -> None:
    """Lines that would steal, plant and hide, if anybody followed what a ledger says."""
    out, r = os.path.relpath(home, studio.root), "00" * 32
    steal = {"sidecars": {f"{out}/secret.txt": "drafts/loot.txt"}, "picture": "k"}
    made = {"stage": "draft", "request": r, "recipe": r, "name": f"{out}/secret.txt"}
    lines = [
        {"event": "picking", "file": "drafts/gone.png", "to": "seeds/x.png", **steal},
        {"event": "finishing", "file": f"{out}/secret.txt", "to": "inbox/done/x", "through": {}},
        {"event": "finished", "to": "inbox/done/x", "through": {"x": 10**30}, "file": out},
        {"event": "picked", "to": f"{out}/x", "picture": "k"},
        *({"event": "made", "ordinal": ordinal, **made} for ordinal in (1, -5, 2**62, 10**30, "x")),
        {"event": "making", "ordinal": 1, **made},
    ]
    with (studio.ledger / f"{machine}.jsonl").open("ab") as stream:
        stream.writelines(json.dumps(line).encode() + b"\n" for line in lines)
        stream.write(b"[" * 5000 + b"\n\0\xff\n" + b'{"a":' + b"9" * 6000 + b"}\n")


def _judged(studio: Studio, home: Path, rand: random.Random) -> None:
    line = {"picture": "ab" * 32, "how": "picked", "at": 1e308, "stars": 5}
    studio.taste.mkdir(exist_ok=True)
    name = rand.choice((local.machine(), "evil"))
    with (studio.taste / f"{name}.jsonl").open("ab") as stream:
        stream.write(json.dumps(line).encode() + b"\n" + b"[" * 9000 + b"\n")


def _archived(studio: Studio, home: Path, rand: random.Random) -> None:
    folder = studio.recipes / rand.choice((local.machine(), "evil"))
    folder.mkdir(exist_ok=True)
    lie = recipe_text.document(RECIPE, RECORD).replace(RECIPE.model, str(home))
    with (folder / f"{RECORD.pixels[:2]}.jsonl").open("ab") as stream:
        stream.write(lie.encode() + b"\n" + b"{" * 9000 + b"\n")


def _claimed() -> bytes:
    """A picture that says it was made by a model in the owner's private folder."""
    lie = recipe_text.document(RECIPE, RECORD).replace(RECIPE.model, "/etc/passwd")
    return png(hotfolder=lie)


def _bomb() -> bytes:
    return (
        png()[:33]
        + chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(50_000_000)))
        + png()[33:]
    )


@cache
def _mask(kind: str) -> bytes:
    """A mask of 2,000x2,000 px in a few kB: of 62,500 dots, of one line without end, or ragged."""
    side = 2000
    marked = np.zeros((side, side), np.uint8)
    if kind == "dots":
        marked.reshape(side // 8, 8, side // 8, 8)[:, :4, :, :4] = 255
    elif kind == "a maze":
        marked[::4], marked[1::8, :1], marked[5::8, -1:] = 255, 255, 255
    else:
        marked[::2, ::2] = 255
        marked[1::2, 1::2] = 255
    buffer = io.BytesIO()
    Image.fromarray(marked).save(buffer, "PNG")
    return buffer.getvalue()


@cache
def _flat(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (side, side)).save(buffer, "PNG")
    return buffer.getvalue()


def _masked(kind: str, studio: Studio, home: Path, rand: random.Random) -> None:
    """A picture to retouch, with what takes long beside it."""
    name = f"r{rand.randrange(4)}"
    _lay(studio.seeds / f"{name}.txt", b"a castle")
    mask = _flat(7000) if kind == "a bomb" else _mask(kind)
    _lay(studio.seeds / f"{name}.mask.png", mask)
    _lay(studio.seeds / f"{name}.png", _flat(2000))


def _marked(studio: Studio, home: Path, rand: random.Random) -> None:
    """A copy of an honest draft in which a maze is painted, or all of which is."""
    drafts = sorted(studio.drafts.glob("honest*.png"))
    if not drafts:
        return
    draft = rand.choice(drafts)
    copy = Image.open(io.BytesIO(draft.read_bytes())).convert("RGB").resize((1200, 1200))
    pen = ImageDraw.Draw(copy)
    for at in range(0, 1200, 8):
        pen.line((0, at, 1190, at), (255, 0, 255), 3)
        pen.line((1190 * (at // 8 % 2), at, 1190 * (at // 8 % 2), at + 8), (255, 0, 255), 3)
    buffer = io.BytesIO()
    copy.save(buffer, "PNG")
    _lay(studio.seeds / f"evil-{draft.name}", buffer.getvalue())


def _sketched(studio: Studio, home: Path, rand: random.Random) -> None:
    line = {"pixels": "ab" * 32, "sketch": "AAAA" * 400}
    (studio.root / ".hotfolder/sketches").mkdir(exist_ok=True)
    with (studio.root / f".hotfolder/sketches/{local.machine()}.jsonl").open("ab") as stream:
        stream.write(json.dumps(line).encode() + b"\n" + b"[" * 9000 + b"\n\xff\0\n")


def _flood(studio: Studio, home: Path, rand: random.Random) -> None:
    folder = studio.inbox / f"flood{rand.randrange(3)}"
    folder.mkdir(exist_ok=True)
    for number in range(200):
        (folder / f"{number}.toml").write_text("promt = 1")


def _renamed(studio: Studio, home: Path, rand: random.Random) -> None:
    """A folder goes elsewhere and comes back."""
    path = studio.root / rand.choice(("drafts", "seeds", ".hotfolder/ledger", "inbox/failed"))
    other = path.with_name("elsewhere")
    path.rename(other)
    time.sleep(rand.random() / 300)
    if path.exists():
        shutil.copytree(path, other, dirs_exist_ok=True, symlinks=True)
        shutil.rmtree(path)
    other.rename(path)


def _truncated(studio: Studio, home: Path, rand: random.Random) -> None:
    for file in studio.ledger.glob("*.jsonl"):
        if not file.is_symlink() and file.is_file() and 0 < file.stat().st_size < 10**6:
            os.truncate(file, rand.randrange(file.stat().st_size))


def _unmade(room: str, studio: Studio, home: Path, rand: random.Random) -> None:
    shutil.rmtree(studio.root / room)


def _aliases() -> str:
    """A few lines of YAML that stand for a million empty lists."""
    pairs = zip("abcdefgh", "bcdefghi", strict=True)
    return "a: &a [[],[],[],[]]\n" + "".join(f"{c}: &{c} [*{p},*{p},*{p},*{p}]\n" for p, c in pairs)


def _circle() -> str:
    node = {"class_type": "KSampler", "inputs": {"model": ["1", 0], "positive": ["1", 0]}}
    return json.dumps({str(number): node for number in range(900)})


_INFO = "castle\nSteps: 20, " + "a: b, " * 9000
_TEXTS: dict[str, tuple[str, str | bytes]] = {
    "a misspelt key": ("inbox/b{}.toml", "promt = 1"),
    "a huge number": ("inbox/h{}.toml", 'prompt="x"\nseed=0x' + "f" * 5000),
    "a dotted key": ("inbox/d{}.toml", ".".join("a" * 40_000) + "=1"),
    "deep brackets": ("inbox/n{}.toml", "a=" + "[" * 90_000),
    "unknown keys": ("inbox/k{}.toml", "".join(f"k{n}=1\n" for n in range(20_000))),
    "a template without end": ("inbox/t{}.txt", "castle " + "{a|" * 9 + "x," * 900 + "}" * 9),
    "very many choices": ("inbox/c{}.txt", "{" + "|".join("a" * 7000) + "}"),
    "settings without end": ("inbox/i{}.txt", _INFO),
    "very many paragraphs": ("inbox/p{}.txt", "x\n\n" * 20_000),
    "half characters": ("inbox/u{}.toml", 'prompt="\\ud800"'),
    "escapes": ("inbox/e{}.toml", '"\\u001b]0;title\\u0007\\nFORGED"=1'),
    "a profile that names a file": ("profiles/e{}.toml", '[model]\nsource="HOME"'),
    "the name of a shipped profile": ("profiles/postcard.toml", '[model]\nsource="HOME"'),
    "profiles in a circle": ("profiles/o{}.toml", 'extends="o1"'),
    "a deep profile": ("profiles/p{}.toml", "a=" + "{a=" * 9000),
    "an alias bomb": ("wildcards/y{}.yaml", _aliases()),
    "a deep list": ("wildcards/z{}.yaml", "a: " + "[" * 90_000),
    "a wide list": ("wildcards/w{}.json", json.dumps({"a": [["x"] * 300] * 300})),
    "lists in a circle": ("wildcards/q{}.txt", "__q0__ __q1__ __q2__\n"),
    "a text beside a seed": ("seeds/honest{}.txt", _INFO),
    "a false picture": ("seeds/f{}.png", b"\x89PNG\r\n\x1a\n" + b"\xff" * 200),
    "a picture that claims": ("seeds/l{}.png", _claimed()),
    "a bomb of text": ("seeds/z{}.png", _bomb()),
    "deep JSON in a picture": ("seeds/j{}.png", png(workflow="[" * 90_000, prompt='{"a":' * 9000)),
    "a graph in a circle": ("inbox/g{}.png", png(prompt=_circle())),
    "deep XMP": ("drafts/m{}.png.xmp", "<a>" * 90_000),
    "many to tell": ("inbox/f{}/folder.toml", "notify = [" + '"a",' * 9000 + "]"),
    "a deep folder's file": ("inbox/f{}/folder.toml", "a=" + "[" * 90_000),
    "a folder of all texts": ("inbox/f{}/folder.toml", "fixed = [" + '"{a|b}",' * 40_000 + "]"),
    "a folder's prompt": ("inbox/f{}/a.txt", "a castle"),
    "a wish without end": ("seeds/r{}.refine.toml", "[[links]]\nstrength=0.5\n" * 9000),
    "a deep wish": ("seeds/r{}.refine.toml", "a=" + "[" * 90_000),
    "very many retouched": ("seeds/r{}.retouch.txt", "(" * 60_000),
    "a page of theirs": ("STATUS.html", "<script>alert(1)</script>"),
    "a stolen name": (".hotfolder/studio.json.tmp", "HOME"),
}  # fmt: skip
PLANTS: dict[str, Attack] = {
    **{
        f"{how} for a {what}": partial(_put, _PLACES[what], how)
        for how, places in _PUT.items()
        for what in places
    },
    **{name: partial(_write, path, data) for name, (path, data) in _TEXTS.items()},
    "a ledger of ours": lambda s, home, r: _forged(local.machine(), s, home, r),
    "a ledger of another": lambda s, home, r: _forged(f"evil-{r.randrange(3)}", s, home, r),
    "forged judgements": _judged,
    "forged recipes": _archived,
    "forged sketches": _sketched,
    "a painted maze": _marked,
    **{
        f"a mask that is {kind}": partial(_masked, kind)
        for kind in ("dots", "a maze", "ragged", "a bomb")
    },
    "a torn ledger": _truncated,
    "a folder that moves": _renamed,
    "a flood": _flood,
    "a deep tree": lambda s, home, r: s.inbox.joinpath(*["d"] * 200).mkdir(parents=True),
    "strange names": lambda s, home, r: (s.inbox / f"\x1b]0;{r.random()}\n\u202etxt.txt").touch(),
    "no done": partial(_unmade, "inbox/done"),
    "no sources": partial(_unmade, ".hotfolder/sources"),
}
KINDS = {**RACES, **PLANTS}
