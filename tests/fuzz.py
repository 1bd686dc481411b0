"""Damages pictures by the thousand and has them read as the daemon and the commands read them.

    python -m tests.fuzz --files 100000 --seed 1

Each file is decided by the seed and its number alone, so a finding can be repeated. Found are:
errors that are not ours, files that take longer than 2 s, memory beyond 500 MB, and anything
opened, started or connected to outside the studio.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import re
import resource
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image

from hotfolder.errors import HotfolderError
from hotfolder.images import metadata
from hotfolder.images.picture import publishable
from hotfolder.recipes.config import Config
from hotfolder.recipes.encoding import encoding
from hotfolder.recipes.record import Record
from hotfolder.report import lineage
from hotfolder.stars import detectors
from hotfolder.stars.mark import DraftFile
from hotfolder.studio import layout
from hotfolder.studio.config import load
from hotfolder.studio.config.match_model import match
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.survey import Survey
from tests import samples
from tests.images.foreign.pictures import png, with_exif
from tests.images.foreign.test_a1111 import A1111, FLUX
from tests.images.foreign.test_comfyui import IN_EXIF, PLAIN
from tests.images.foreign.test_dgenerate import SCRIPT
from tests.images.foreign.test_fooocus import JSON, TEXT
from tests.images.foreign.test_invokeai import CORE
from tests.images.foreign.test_sdcpp import TEXT as CPP
from tests.images.foreign.test_swarmui import SWARM
from tests.images.made import HARD, RECIPE, RECORD

SLOWEST_S = 2.0
MOST_BYTES = 500_000_000
_BATCH = 100
_PROGRAMS = frozenset({"A1111", "Forge", "ComfyUI", "Fooocus", "InvokeAI", "SwarmUI", "dgenerate"})
_PACKAGE = Path(layout.__file__).resolve().parent.parent

Change = Callable[[bytes, random.Random], bytes]


def originals() -> dict[str, bytes]:
    """What is damaged: the samples, our own pictures in every format, those of other programs."""
    pictures = {name: samples.sample(name) for name in samples.PICTURES}
    image = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
    final = msgspec.structs.replace(RECIPE, prompt=HARD, source=RECIPE, strength=0.5)
    params = Record(stage="final", pixels="0" * 64, source=RECORD, overrides={"steps": 3})
    for kind in (encoding("png"), encoding("jpeg", 80), encoding("webp"), encoding("webp", 80)):
        name = f"ours{kind.quality or ''}{kind.suffix}"
        pictures[f"draft {name}"] = publishable(image, RECIPE, RECORD, kind)[0]
        pictures[f"final {name}"] = publishable(image, final, params, kind)[0]
    cpp = CPP.format(cfg="7.000000", sampler="euler_a karras", version="")
    for number, text in enumerate((A1111, FLUX, TEXT, cpp)):
        pictures[f"text {number}.png"] = png(parameters=text)
        pictures[f"text {number}.jpg"] = with_exif("JPEG", text)
        pictures[f"text {number}.webp"] = with_exif("WEBP", text)
    pictures |= {
        "comfyui.png": png(prompt=PLAIN),
        "comfyui.webp": with_exif("WEBP", model=IN_EXIF),
        "fooocus.png": png(parameters=JSON, fooocus_scheme="fooocus"),
        "invokeai.png": png(invokeai_metadata=CORE),
        "swarmui.png": png(parameters=SWARM),
        "swarmui.jpg": with_exif("JPEG", json.dumps(SWARM)),
        "dgenerate.png": png(DgenerateConfig=SCRIPT),
    }
    return pictures


def damaged(pictures: dict[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """Name and bytes of damaged file `number`: the same for the same seed."""
    rand = random.Random(f"{seed} {number}")
    name = rand.choice(sorted(pictures))
    data = pictures[name]
    for _ in range(rand.choice((1, 1, 1, 2, 3, 5))):
        data = rand.choice(CHANGES)(data, rand)
    if rand.random() < 0.7:  # or else most damage ends at a checksum
        data = _with_right_checksums(data)
    return f"{number:07} {Path(name).name}", data


def _flip(data: bytes, rand: random.Random) -> bytes:
    at = rand.randrange(len(data) or 1)
    return (
        data[:at]
        + bytes(byte ^ 1 << rand.randrange(8) for byte in data[at : at + 1])
        + data[at + 1 :]
    )


def _overwrite(data: bytes, rand: random.Random) -> bytes:
    at, new = rand.randrange(len(data) or 1), _rubbish(rand)
    return data[:at] + new + data[at + len(new) :]


def _insert(data: bytes, rand: random.Random) -> bytes:
    at = rand.randrange(len(data) or 1)
    return data[:at] + _rubbish(rand) + data[at:]


def _cut(data: bytes, rand: random.Random) -> bytes:
    at = rand.randrange(len(data) or 1)
    return data[:at] + data[at + rand.choice((1, 2, 4, 30, 1000, 10**6)) :]


def _repeat(data: bytes, rand: random.Random) -> bytes:
    at = rand.randrange(len(data) or 1)
    part = data[at : at + rand.choice((4, 40, 400))]
    return data[:at] + part * rand.choice((2, 10, 1000)) + data[at:]


def _number(data: bytes, rand: random.Random) -> bytes:
    """An extreme where a length or a side could be."""
    at = rand.randrange(max(1, len(data) - 4))
    extreme = rand.choice((0, 1, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**32 - 1, len(data), 12_000))
    packed = struct.pack(rand.choice("<>") + "I", extreme)
    return data[:at] + packed[rand.choice((0, 0, 2)) :] + data[at + 4 :]


def _head(data: bytes, rand: random.Random) -> bytes:
    """Other sides in a PNG's header."""
    sides = (0, 1, 16, 4000, 8000, 13_000, 65_535, 2**31 - 1)
    return data[:16] + struct.pack(">II", rand.choice(sides), rand.choice(sides)) + data[24:]


def _text(data: bytes, rand: random.Random) -> bytes:
    """Another text under a keyword that somebody reads, plain or compressed."""
    keyword = rand.choice(
        (b"hotfolder", b"parameters", b"prompt", b"invokeai_metadata", b"Comment")
    )
    text = rand.choice(
        (
            b"[" * 100_000,
            b'{"recipe":{"schema":1},"record":{}}',
            b'{"3":{"inputs":{"positive":["3",0],"negative":["3",1],"latent_image":["3",0]}}}',
            b'{"sui_image_params":{"seed":' + b"9" * 5000 + b"}}",
            b"x\nSteps: 1, " + b"a: " * 50_000,
            b"x" * 2_000_000,
            bytes(rand.randrange(256) for _ in range(200)),
        )
    )
    compressed = rand.random() < 0.5
    chunk = keyword + (b"\0\0" + zlib.compress(text) if compressed else b"\0" + text)
    return data[:33] + samples.chunk(b"zTXt" if compressed else b"tEXt", chunk) + data[33:]


def _json(data: bytes, rand: random.Random) -> bytes:
    """Another value in the first JSON text of the file, its length kept where it can be."""
    begin = data.find(b'{"')
    if begin < 0:
        return _flip(data, rand)
    at = data.find(b":", begin + rand.randrange(2000)) + 1
    new = rand.choice((b"null", b"1e999", b"-1", b'"x"', b"[]", b"{}", b"9" * 40, b"NaN", b"true"))
    return data[:at] + new + data[at + len(new) :]


def _splice(data: bytes, rand: random.Random) -> bytes:
    """Its metadata changed through the writer, so that the container stays whole."""
    packets = (b"<x" * 5000, b"\xff" * 300, samples.sample("hostile/xmp_xxe.jpg")[:900])
    try:
        return metadata.splice(data, (), rand.choice(packets), _rubbish(rand) * 20)
    except HotfolderError:
        return data


CHANGES: tuple[Change, ...] = (
    _flip,
    _flip,
    _overwrite,
    _insert,
    _cut,
    _repeat,
    _number,
    _head,
    _text,
    _json,
    _json,
    _splice,
)


def _rubbish(rand: random.Random) -> bytes:
    known = (b"\xff" * 4, bytes(4), b"\xff\xd9", b"IEND", b"\xff\xe1", b"MM\0*", b"%s%n", b"../../")
    some = bytes(rand.randrange(256) for _ in range(rand.choice((1, 2, 8, 60))))
    return rand.choice((*known, some, some))


def _with_right_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the CRC of what stands in them now; others as they are."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    mended, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        mended[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(mended)


@dataclass(slots=True)
class Findings:
    """What came of all files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    peak_bytes: int = 0


class Watch:
    """Notes whatever is opened outside a folder, or written, started or connected to, while on."""

    _FORBIDDEN = ("subprocess.Popen", "os.system", "os.exec", "socket.connect", "pickle.find_class")
    _CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink")

    def __init__(self, root: Path) -> None:
        self.on = False
        self.seen: list[str] = []
        self._allowed = (str(root), str(_PACKAGE), str(load.shipped("profiles")))
        self._own = str(root / "state")  # where this machine notes what it is reading
        self._shipped = str(load.shipped("profiles").parent)
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "pickle.find_class" and _is_answer(str(arguments[0])):
            return
        if event in self._FORBIDDEN or event in self._CHANGES:
            self.seen.append(f"{event} {arguments[:2]}")
        elif event == "open" and isinstance(arguments[0], str | bytes):
            path = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()
            # A bare name is looked for in a folder that was opened before, from the root down.
            inside = ("/" not in path and path != "..") or path == self._shipped
            inside |= any(path.startswith(folder) for folder in self._allowed)
            inside |= _is_measured(path)
            mode = arguments[1] or "r"
            writes = any(letter in str(mode) for letter in "wax+")
            if not inside or (writes and not path.startswith(self._own)):
                self.seen.append(f"opened {path} ({mode})")


def _is_answer(module: str) -> bool:
    """Whether such a name comes from one of our own workers, which read what is large."""
    known = ("concurrent.futures.process", "msgspec._utils")
    return module in known or module.startswith("hotfolder.")


def _is_measured(path: str) -> bool:
    """Whether it is where Linux says how much of the processor one of our own workers had."""
    return re.fullmatch(r"/proc/\d+/stat", path) is not None


def consume(path: Path, studio: Studio, config: Config) -> str:
    """Read one file in every way that a picture is read; what came of it, in a word."""
    try:
        metadata.complete(read_file(path))
        detectors.marks(DraftFile("drafts/a.png", metadata.read(read_file(path))))
        shown = identify(read_file(path), studio)
    except HotfolderError:
        return "refused"
    if shown.recipe is not None and shown.record is not None:
        lineage.tree("", shown.recipe, shown.record)
        return "ours"
    if shown.params is not None:
        lineage.foreign("", shown.params, match(shown.params, config, studio).notes)
        return shown.params.program if shown.params.program in _PROGRAMS else "told"
    return "noted" if shown.note else "plain"


def run(files: int, seed: int, keep: Path | None = None) -> Findings:
    """Damage and read so many files; those with a finding are kept in the folder `keep`."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    pictures, findings = originals(), Findings()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        os.environ["XDG_STATE_HOME"] = str(root / "state")
        os.environ["XDG_CONFIG_HOME"] = str(root / "config")
        studio, _ = create(root / "studio")
        watch, config = Watch(root), load.read_config(studio)
        for number, data in enumerate(pictures.values()):  # so that all is imported
            (studio.seeds / f"{number}.png").write_bytes(data)
            consume(studio.seeds / f"{number}.png", studio, config)
        _glance(studio)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # as those that read apart
            pool.submit(os.getpid).result()
        for batch in _batches(files):
            named = [damaged(pictures, seed, number) for number in batch]
            for name, data in named:
                wrong = _one(name, data, studio, config, watch, findings)
                if wrong and keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / name).write_bytes(data)
            _together(named, studio, watch, findings)
    return findings


def _peak_bytes() -> int:
    """The most memory that this process had at once; `ru_maxrss` is also its parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024


def _batches(files: int) -> Iterator[range]:
    for begin in range(0, files, _BATCH):
        yield range(begin, min(files, begin + _BATCH))


def _one(
    name: str, data: bytes, studio: Studio, config: Config, watch: Watch, findings: Findings
) -> bool:
    """Read one file, note what is wrong with how it was read; whether anything is."""
    path = studio.seeds / name
    path.write_bytes(data)
    wrong = []
    begin, watch.on = time.process_time(), True
    try:
        findings.outcomes[consume(path, studio, config)] += 1
    except Exception as error:
        watch.on = False
        wrong.append("".join(traceback.format_exception(error)))
    finally:
        watch.on = False
    took_s = time.process_time() - begin
    path.unlink()
    findings.slowest = max(findings.slowest, (took_s, name))
    peak_bytes = _peak_bytes()
    if peak_bytes > max(MOST_BYTES, findings.peak_bytes):
        wrong.append(f"{peak_bytes / 1e6:.0f} MB of memory")
    findings.peak_bytes = peak_bytes
    if took_s > SLOWEST_S:
        wrong.append(f"took {took_s:.1f} s")
    wrong += watch.seen
    watch.seen.clear()
    findings.wrong += [f"{name}: {says}" for says in wrong]
    return bool(wrong)


def _together(
    named: list[tuple[str, bytes]], studio: Studio, watch: Watch, findings: Findings
) -> None:
    """Let the daemon's look find the same files in the rooms where it reads pictures."""
    rooms = (studio.seeds, studio.inbox, studio.drafts)
    for number, (name, data) in enumerate(named):
        (rooms[number % 3] / name).write_bytes(data)
    watch.on = True
    try:
        _glance(studio)
    except Exception as error:
        watch.on = False
        says = "".join(traceback.format_exception(error))
        findings.wrong.append(f"{named[0][0]} to {named[-1][0]}: {says}")
    finally:
        watch.on = False
    findings.wrong += [f"{named[0][0]} and later: {says}" for says in watch.seen]
    watch.seen.clear()
    for room in rooms:
        for path in room.glob("*"):
            if path.is_file():
                path.unlink()


def _glance(studio: Studio) -> None:
    glance = Survey(studio)
    glance.look()
    assert glance.notes is not None


def main() -> int:
    """Run what the command line asks for and print figures; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where files with a finding are put")
    options = parser.parse_args()
    begin = time.monotonic()
    found = run(options.files, options.seed, options.keep)
    took_s = time.monotonic() - begin
    print(f"{options.files:,} damaged files of seed {options.seed} in {took_s:.0f} s")
    for outcome, count in found.outcomes.most_common():
        print(f"  {count:8,} {outcome}")
    print(f"  slowest {found.slowest[0] * 1000:.0f} ms ({found.slowest[1]})")
    print(f"  at most {found.peak_bytes / 1e6:.0f} MB of memory")
    for says in found.wrong:
        print(says)
    print(f"{len(found.wrong)} findings")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
