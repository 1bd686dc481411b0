"""Everything that reads what strangers may have written: each reader, and samples that it takes.

    python -m tests.strangers --texts 100000 --seed 1     mutated samples, no error but ours
    python -m tests.strangers --growth --seed 1           twice as much takes twice as long

Each text is decided by the seed and its number alone, so a finding can be repeated.
`test_strangers` takes a slice of both.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import re
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hotfolder import bounded_toml
from hotfolder.errors import HotfolderError
from hotfolder.history import History
from hotfolder.images import exif, infotext, metadata, recipe_text, xmp
from hotfolder.images.foreign import readers
from hotfolder.images.metadata import Metadata
from hotfolder.prompts.text_encoding import decode
from hotfolder.recipes import profile as profiles
from hotfolder.recipes import schema, wildcards
from hotfolder.recipes.config import Config
from hotfolder.recipes.prompt_syntax.read import read as read_syntax
from hotfolder.recipes.settings import Settings
from hotfolder.render.models import header
from hotfolder.stars import detectors
from hotfolder.stars.mark import DraftFile
from hotfolder.studio.config import word_lists
from hotfolder.studio.config.fit_prompts import read as read_prompts
from hotfolder.studio.config.load import nobody, shipped
from hotfolder.studio.create import create
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan import captions
from hotfolder.studio.scan.prompt_files import requests_of
from hotfolder.studio.store import (
    archive,
    ledger,
    local,
    making_file,
    opinions,
    status_file,
    trust,
)
from hotfolder.studio.store.journal import Journal
from hotfolder.studio.store.signature import unsigned
from tests import growth as timing
from tests.fuzz import CHANGES, originals
from tests.images.foreign.test_a1111 import A1111, FLUX
from tests.images.made import RECIPE, RECORD

_LONGEST = 60_000


@dataclass(frozen=True)
class Reader:
    """What reads a file's bytes; `samples` are some that it takes, `most` are bytes as it allows.

    It raises HotfolderErrors, and nothing else.
    """

    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    most: int = 900_000


def all_readers(folder: Path) -> dict[str, Reader]:
    """Every reader by what it reads. Some read files, which are written into `folder`."""
    studio, _ = create(folder / "studio")
    words = {"animal": ["a cat", "a {big|small} dog"], "place/sea": ["__animal__ by the sea"]}
    known = nobody()
    config = Config(known.settings, known.profiles, words, "salt")
    document = recipe_text.document(RECIPE, RECORD).encode()
    toml = b'prompt = "a __animal__"\ncount = 3\nseed = 7\nsize = "512x512"\n[refine]\ncount = 2\n'
    text = b"a castle\nNegative prompt: blurry\n\n# a comment\na {red|blue} bird, (soft:1.2)\n"
    syntax = b"a (red:1.2) [cat:dog:0.5] [a|b], <lora:ink:0.7> BREAK AND x :1.1"
    tree = b"colours:\n  warm: [red, &a orange]\n  cold:\n    - blue\n    - *a\n"
    exif_block = exif.block("hotfolder", A1111, document.decode())
    found = {
        "prompts.txt": Reader(partial(_requests, ".txt", config, studio), (text, A1111.encode())),
        "prompts.toml": Reader(partial(_requests, ".toml", config, studio), (toml,)),
        "caption.txt": Reader(
            lambda data: captions.read(captions.Text("a.txt", data), config, studio),
            (b"a castle", A1111.encode()),
            16_000,
        ),
        "hotfolder.toml": Reader(
            partial(_settings, Settings),
            (_all_said(studio.settings.read_text("utf-8")), b"[stars]\nfrom = 3\n"),
        ),
        "profile.toml": Reader(
            _profile, tuple(map(Path.read_bytes, shipped("profiles").glob("*.toml")))
        ),
        "words.txt": Reader(partial(_words, "a.txt"), (b"# all\nred\nblue\n",)),
        "words.yaml": Reader(partial(_words, "a.yaml"), (tree,)),
        "words.json": Reader(partial(_words, "a.json"), (b'{"a": {"b": ["red", 1, null]}}',)),
        "encoding": Reader(
            decode,
            ("größe\r\n城".encode(), "größe 城".encode("utf-16"), "城の海".encode("cp932")),
        ),
        "template": Reader(
            partial(_template, words), (b"{2$$, $$a|0.5::b} __animal__ ${x=!{q|r}} ${x}",), 16_000
        ),
        "syntax": Reader(_syntax, (syntax,), 65_000),
        "infotext": Reader(
            lambda data: infotext.read(_latin(data)), (A1111.encode(), FLUX.encode())
        ),
        "recipe": Reader(lambda data: recipe_text.find(_said(hotfolder=_latin(data))), (document,)),
        "comment": Reader(
            lambda data: recipe_text.find(_said(Comment=_latin(data))),
            tuple(c.encode() for c in recipe_text.comments(document.decode(), 60_000)),
        ),
        "xmp": Reader(_xmp, _packets()),
        "exif": Reader(_exif, (exif_block or b"",)),
        "finder": Reader(_finder, (_apple_double(),), 60_000),
        "ledger": Reader(partial(_ledger, studio), (_ledger_lines(),)),
        "journal": Reader(partial(_journal, studio), (_ledger_lines(),)),
        "archive": Reader(
            lambda data: [archive._read(unsigned(line)) for line in data.splitlines()],
            (document + b"\n",),
        ),
        "judgements": Reader(
            partial(_opinions, studio), (b'{"picture":"ab","how":"picked","at":1.5,"stars":3}\n',)
        ),
        "features": Reader(
            partial(_features, studio),
            (b'{"picture":"ab","prompt":"x","width":8,"height":8,"kinds":{"a":"AAAA"}}\n',),
        ),
        "marker": Reader(partial(_marker, studio), (b'{"salt": "abc", "made": "2024"}',), 4000),
        "trust": Reader(
            partial(_local, studio, "trust.json", trust.is_trusted),
            (b'{"trusted":true,"studio":"x"}',),
        ),
        "status": Reader(partial(_status, studio), (b'{"pause":"","waits":{"a":"b"},"blind":""}',)),
        "making": Reader(partial(_making, studio), (b'{"pictures":[]}',)),
        "safetensors": Reader(partial(_tensors, folder / "a.safetensors"), (_safetensors(),)),
        "gguf": Reader(partial(_tensors, folder / "a.gguf"), (_gguf(),)),
    }
    for name, said in _told():
        for keyword, text in said.texts:
            read = partial(_foreign, said, keyword)
            found[f"{keyword} of {name}"] = Reader(read, (text.encode(),))
    pictures = {
        name: data
        for name, data in originals().items()
        if len(data) < 100_000 and "tiff" not in name
    }
    for kind in ("png", "jpg", "webp"):
        some = tuple(data for name, data in pictures.items() if name.endswith(kind))
        found[f"a {kind}"] = Reader(_carried, some, 3_000_000)
    return found


def _told() -> Iterator[tuple[str, Metadata]]:
    """What pictures of other programs carry."""
    for file in sorted((Path(__file__).parent / "data/public").glob("[cin]*.png")):
        said = metadata.read(file.read_bytes())
        if sum(len(text) for _, text in said.texts) < _LONGEST:
            yield file.stem, said


def _foreign(said: Metadata, keyword: str, data: bytes) -> object:
    """What is told where one of a picture's texts is another one."""
    texts = tuple((key, _latin(data) if key == keyword else text) for key, text in said.texts)
    return readers.read(replace(said, texts=texts))


def _all_said(settings: str) -> bytes:
    """The settings that `init` writes, with those said that are comments there."""
    return re.sub(r"^# ?(?=\[|\w+ = )", "", settings, flags=re.MULTILINE).encode()


def _requests(suffix: str, config: Config, studio: Studio, data: bytes) -> object:
    return requests_of(read_prompts(suffix, decode(data), config, studio), config)


def _table(data: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        return bounded_toml.loads(decode(data))
    return {}


def _settings(shape: Any, data: bytes) -> object:
    return schema.convert(_table(data), shape)


def _profile(data: bytes) -> object:
    return profiles.resolve("mine", {**nobody().profiles, "mine": _table(data)})


def _words(name: str, data: bytes) -> object:
    return word_lists.parse(f"wildcards/{name}", decode(data))


def _latin(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _said(**texts: str) -> Metadata:
    return Metadata(64, 64, tuple(texts.items()))


def _template(words: dict[str, list[str]], data: bytes) -> object:
    text = _latin(data)
    wildcards._read.cache_clear()
    return wildcards.notes(text, words), wildcards.mistakes(text, words)


def _syntax(data: bytes) -> object:
    return read_syntax(_latin(data), "", 20)


def _xmp(data: bytes) -> object:
    beside = {pattern: data for pattern in detectors.patterns() if not pattern.startswith("._")}
    found = detectors.marks(DraftFile("drafts/a.png", Metadata(8, 8, xmp=data), beside))
    return found, xmp.added(data, "text"), recipe_text.find(Metadata(8, 8, xmp=data))


def _exif(data: bytes) -> object:
    said = Metadata(8, 8, exif=data)
    found = detectors.marks(DraftFile("drafts/a.png", said))
    block = exif.block("x", "y", "z", data)
    return found, exif.user_comment(data), exif.orientation(data), block, recipe_text.find(said)


def _finder(data: bytes) -> object:
    attributes = {
        "user.xdg.tags": data,
        "com.apple.metadata:_kMDItemUserTags": data,
        "user.baloo.rating": data,
    }
    return detectors.marks(DraftFile("drafts/a.png", None, {"._{name}": data}, attributes))


def _carried(data: bytes) -> object:
    said = metadata.read(data)
    found = detectors.marks(DraftFile("drafts/a.png", said))
    return found, readers.read(said), metadata.bare(data)


def _ledger(studio: Studio, data: bytes) -> object:
    (studio.ledger / "other.jsonl").write_bytes(data)
    return ledger.Ledger(studio), list(ledger.entries(studio.root))


def _journal(studio: Studio, data: bytes) -> object:
    file = local.folder(studio.root) / "journal-m.jsonl"
    local.replace(file, data)
    history = History()
    for entry in Journal(studio.root, "m").unfinished():
        history.apply(entry)
    return history


def _opinions(studio: Studio, data: bytes) -> object:
    studio.taste.mkdir(exist_ok=True)
    (studio.taste / "other.jsonl").write_bytes(data)
    return opinions.judgements(studio)


def _features(studio: Studio, data: bytes) -> object:
    (studio.taste / "features").mkdir(exist_ok=True, parents=True)
    (studio.taste / "features/other.jsonl").write_bytes(data)
    return list(opinions.features(studio))


def _marker(studio: Studio, data: bytes) -> object:
    before = studio.marker.read_bytes()
    try:
        studio.marker.write_bytes(data)
        return studio.salt
    finally:
        studio.marker.write_bytes(before)


def _local(studio: Studio, name: str, read: Callable[[Studio], object], data: bytes) -> object:
    file = local.folder(studio.root) / name
    local.replace(file, data)
    return read(studio)


def _status(studio: Studio, data: bytes) -> object:
    local.replace(status_file.path(studio.root), data)
    return status_file.read(studio.root)


def _making(studio: Studio, data: bytes) -> object:
    local.replace(making_file.path(studio.root), data)
    return making_file.read(studio.root)


def _tensors(file: Path, data: bytes) -> object:
    file.write_bytes(data)
    return header.read(file)


def _safetensors() -> bytes:
    head = b'{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}'
    return len(head).to_bytes(8, "little") + head + b"\0\0\0\0"


def _gguf() -> bytes:
    """A header with a text, a list and a tensor."""

    def text(written: bytes) -> bytes:
        return struct.pack("<Q", len(written)) + written

    values = text(b"general.name") + struct.pack("<I", 8) + text(b"ink")
    values += text(b"list") + struct.pack("<IIQII", 9, 4, 2, 7, 8)
    tensor = text(b"a.weight") + struct.pack("<IQIQ", 1, 32, 0, 0)
    return b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + values + tensor + bytes(256)


def _apple_double() -> bytes:
    for file in Path(__file__).parent.joinpath("data").rglob("._*"):
        return file.read_bytes()
    return b"\x00\x05\x16\x07" + bytes(80)


def _packets() -> tuple[bytes, ...]:
    data = Path(__file__).parent / "data"
    files = [*sorted(data.joinpath("sidecars").iterdir())]
    return (
        *(file.read_bytes() for file in files),
        xmp.packet(RECIPE, RECORD, recipe_text.document(RECIPE, RECORD)),
    )


def _ledger_lines() -> bytes:
    r = "00" * 32
    made = {
        "event": "made",
        "stage": "draft",
        "request": r,
        "ordinal": 3,
        "recipe": r,
        "name": "drafts/a.png",
    }
    lines = [
        made,
        {**made, "event": "making"},
        {"event": "finished", "to": "inbox/done/a.txt", "through": {r: 4}, "file": "inbox/a.txt"},
        {"event": "finishing", "file": "inbox/a.txt", "to": "inbox/done/a.txt", "through": {r: 4}},
        {"event": "picking", "file": "drafts/a.png", "to": "seeds/a.png", "picture": r},
        {"event": "picked", "to": "seeds/a.png", "picture": r},
    ]  # fmt: skip
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


TOKENS: tuple[bytes, ...] = tuple(
    line.encode().decode("unicode_escape").encode()
    for line in (Path(__file__).parent / "data/tokens.txt").read_text("ascii").splitlines()
)
"""Pieces of every format that is read, as one would write them in Python."""


def mutated(known: dict[str, Reader], seed: int, number: int) -> tuple[str, bytes]:
    """The name of a reader and the bytes of text `number` for it."""
    rand = random.Random(f"{seed} {number}")
    name = rand.choice(sorted(known))
    data = rand.choice(known[name].samples)
    for _ in range(rand.choice((1, 1, 2, 3, 8))):
        if rand.random() < 0.5:
            at, token = rand.randrange(len(data) + 1), rand.choice(TOKENS)
            data = data[:at] + token * rand.choice((1, 1, 2, 40, 900)) + data[at:]
        else:
            data = rand.choice(CHANGES)(data, rand)
    return name, data[: 2 * 10**5]


def answered(reader: Reader, data: bytes) -> str:
    """What is wrong with how a file is answered; empty if it is read, or refused in words."""
    began = time.thread_time()
    try:
        reader.read(data)
    except HotfolderError:
        pass
    except Exception:
        return traceback.format_exc()
    taken_s = time.thread_time() - began
    return f"it takes {taken_s:.1f} s" if taken_s > 2 else ""


def growing(
    known: dict[str, Reader], seed: int, number: int
) -> tuple[str, bytes, Callable[[int], bytes]]:
    """A reader's name, its piece, and a text with so many of them."""
    rand = random.Random(f"growing {seed} {number}")
    name = rand.choice(sorted(known))
    sample = rand.choice(known[name].samples)
    token = b"".join(rand.choices(TOKENS, k=rand.choice((1, 1, 1, 2, 3))))
    at = rand.choice((0, len(sample), rand.randrange(len(sample) + 1)))
    if rand.random() < 0.2:
        sample, at = b"", 0
    numbered = rand.random() < 0.15

    def made(count: int) -> bytes:
        numbers = (b"%d" % place if numbered else b"" for place in range(count))
        return sample[:at] + b"".join(token + number for number in numbers) + sample[at:]

    return name, token, made


def growth(reader: Reader, made: Callable[[int], bytes]) -> float:
    """By how much time grows when the size doubles, up to what the reader allows."""
    per_piece = len(made(1000)) // 1000 + 1
    count = 2 * (reader.most // (16 * per_piece)) + 2  # an even one: to some it makes a difference

    def read(text: bytes) -> None:
        with suppress(HotfolderError):
            reader.read(text)

    return timing.growth(read, timing.growing(made, count))


def _findings(known: dict[str, Reader], options: argparse.Namespace) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for number in range(options.first, options.first + options.texts):
        if options.growth:
            name, token, made = growing(known, options.seed, number)
            grows = growth(known[name], made)
            says = f"{grows:.1f} times for {token!r}" if grows > timing.MOST else ""
        else:
            name, data = mutated(known, options.seed, number)
            says = answered(known[name], data)
        counts[name] += 1
        if says:
            yield f"{number} {name}: {says}"
    print(", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())))


def main() -> int:
    """Try them all; the exit code says whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--growth", action="store_true")
    options = parser.parse_args()
    logging.disable()
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        for finding in _findings(all_readers(Path(folder)), options):
            count += 1
            print(finding, flush=True)
    print(f"{count} findings")
    return bool(count)


if __name__ == "__main__":
    sys.exit(main())
