"""What people do to a studio while the daemon is under fire: drop, move, star, copy, delete.

Every deed is entered in the book, so that the checker knows what to expect.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest import mock

from campaigns.kit import checker
from campaigns.kit.book import Book
from campaigns.kit.daemons import Place
from hotfolder.studio.create import create

DRAFTS = 2
UNFINISHED = "an unfinished tho"
STAR = b"""\
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""

_SETTINGS = """\
profile = "quick"
settle_seconds = {settle_s}
look_seconds = {look_s}
keep_free_gb = 0
pause_endless_at = 1000000
photos.prompt = "a picture"

[limits]
prompt_files_per_minute = 1000000
refinements_per_hour = 1000000
"""
_PROFILE = """\
extends = "postcard"
steps = 2
[model]
batch = {batch}
[draft]
area = "64x64"
aspect = "1:1"
count = 2
[refine]
area = "80x80"
"""
_TASTE = """
[taste]
hold_back = true
early_stop = true
"""
_LINK = """
[[refine.links]]
factor = 1.1
[[refine.links]]
step = "sharpen"
"""


def studio(
    work: Path,
    name: str = "studio",
    settle_s: float = 0.05,
    look_s: float = 0.5,
    batch: int = 1,
    links: int = 0,
    taste: bool = False,
    **more: float,
) -> Place:
    """A new studio with small pictures, and local state beside it.

    Drafts are drawn in batches of so many: other drafts are chosen then for the renderer. Finals
    are chains of so many links, if any. With `taste` drafts are steered and may be given up.
    """
    state = work / f"{name}.state"
    with mock.patch.dict(os.environ, XDG_STATE_HOME=str(state)):  # it is trusted there
        made, _ = create(work / name)
    settings = _SETTINGS.format(settle_s=settle_s, look_s=look_s) + _TASTE * taste
    made.settings.write_text(settings)
    (made.profiles / "quick.toml").write_text(_PROFILE.format(batch=batch) + _LINK * links)
    return Place(made.root, state, settle_s, **more)


class People:
    """The users of one studio, what they do decided by a seed.

    `durable`: their programs see to it that what they write is on the disk.
    """

    def __init__(self, place: Place, seed: str, name: str = "", durable: bool = False) -> None:
        self.place = place
        self.book = Book()
        self.chance = random.Random(seed)
        self._name = name
        self._durable = durable
        self._outside = place.root.with_name(place.root.name + ".outside")
        self._outside.mkdir(exist_ok=True)
        self._count = 0
        self.picks: list[tuple[float, str]] = []  # when (monotonic, in s), which picture
        self.picked: set[str] = set()

    @property
    def root(self) -> Path:
        """The studio."""
        return self.place.root

    def drop(self, way: Callable[[Path, Path], None] | None = None) -> Path:
        """Put a new prompt file into the inbox, in some way. Raises OSError where that fails."""
        self._count += 1
        texts = [f"a castle number {self._name}{self._count}"]
        if self.chance.random() < 0.3:
            texts.append(f"月夜の灯台 {self._name}{self._count}")
        source = self._outside / f"prompt {self._name}{self._count}.txt"
        source.write_text("\n\n".join(texts) + "\n", "utf-8")
        target = self.root / "inbox" / source.name
        way = way or self.chance.choice(WAYS)
        began = time.monotonic()
        try:
            way(source, target)
        except OSError:  # on a full disk: an empty file, or a part of it
            self._may_have(texts)
            raise
        took_s = time.monotonic() - began
        self.book.prompts |= dict.fromkeys(texts, DRAFTS)
        self._flush(target)
        self.own_prompt(target)
        if way is like_an_editor:
            self._may_have([UNFINISHED])
        elif way is slowly and took_s > 0.9 * self.place.settle_s:
            # On a busy machine a pause was as long as the settling: two versions of one file.
            for text in texts:
                del self.book.prompts[text]
            written = "\n\n".join(texts)
            self._may_have([*texts, *(written[:end].strip() for end in range(1, len(written)))])
            self.book.files.pop()
        return target

    def _may_have(self, texts: Iterable[str]) -> None:
        """An earlier version of a file, or a part of it, may have got its drafts."""
        for paragraph in {part for text in texts for part in text.split("\n\n")}:
            self.book.maybe[paragraph] = self.book.maybe.get(paragraph, 0) + DRAFTS

    def own_prompt(self, path: Path) -> None:
        """A prompt file lies in the inbox as it shall be. It may be gone from there already."""
        for folder in ("inbox", "inbox/done", "inbox/failed"):
            lies = self.root / folder / path.name
            try:
                self.book.own(self.root, lies, "inbox", "inbox/done", "inbox/failed")
            except FileNotFoundError:
                continue
            self.book.files[-1].path = f"inbox/{path.name}"
            return

    def pick(self) -> bool:
        """Move, copy or star one of the drafts; whether there was one."""
        drafts = sorted((self.root / "drafts").glob("*.png"))
        drafts = [path for path in drafts if path.name not in self.picked]
        if not drafts:
            return False
        draft = self.chance.choice(drafts)
        self.picked.add(draft.name)
        picked = self.root / "seeds" / draft.name
        try:
            identity = checker.read(draft).identity
        except (OSError, checker.Torn):
            return False  # nobody picks a picture that does not show
        deed = self.chance.choice(("move", "copy", "star", "star"))
        try:
            if deed == "move":
                draft.rename(picked)
                self.book.own(self.root, picked)
            elif deed == "copy":
                data = draft.read_bytes()
                picked.write_bytes(data)
                self._flush(picked)
                digest = hashlib.sha256(data).hexdigest()
                self.book.copies[digest] = self.book.copies.get(digest, 0) + 1
                self.book.own(self.root, picked)
            else:
                self.star(draft)
        except FileNotFoundError:
            return False  # the daemon has moved it to seeds/ just now
        self.picks.append((time.monotonic(), identity))
        return True

    def star(self, draft: Path) -> None:
        """Give a draft a star where it lies, as exiftool does: a new file takes its place."""
        data = draft.read_bytes()
        beside = draft.with_name(f"{draft.name}_exiftool_tmp")
        beside.write_bytes(starred(data))
        self._flush(beside)
        if not draft.exists():
            beside.unlink()
            return
        beside.replace(draft)
        try:
            self.book.own(self.root, draft, "drafts", "seeds")
        except FileNotFoundError:
            self.book.own(self.root, self.root / "seeds" / draft.name, "drafts")
            self.book.files[-1].path = f"drafts/{draft.name}"

    def _flush(self, path: Path) -> None:
        for part in (path, path.parent) if self._durable else ():
            with contextlib.suppress(FileNotFoundError):  # the daemon has moved it
                descriptor = os.open(part, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)

    def close(self) -> None:
        """Write the book beside the studio."""
        self.book.write(self.root.with_name(self.root.name + ".book.json"))


def starred(png: bytes) -> bytes:
    """A PNG with five stars in its XMP, behind its header."""
    payload = b"iTXt" + b"XML:com.adobe.xmp\0\0\0\0\0" + STAR
    crc = zlib.crc32(payload).to_bytes(4, "big")
    chunk = (len(payload) - 4).to_bytes(4, "big") + payload + crc
    return png[:33] + chunk + png[33:]


def copied(source: Path, target: Path) -> None:
    """As cp does."""
    shutil.copyfile(source, target)


def moved(source: Path, target: Path) -> None:
    """As mv does."""
    source.rename(target)


def dated(source: Path, target: Path) -> None:
    """As cp -p does, from an old disk."""
    shutil.copyfile(source, target)
    with contextlib.suppress(FileNotFoundError):  # the daemon was faster
        os.utime(target, (86_400, 86_400))


def slowly(source: Path, target: Path) -> None:
    """In three pieces, with pauses shorter than the settling time."""
    data = source.read_bytes()
    third = len(data) // 3 + 1
    for begin in range(0, len(data), third):
        with target.open("ab") as stream:
            stream.write(data[begin : begin + third])
        time.sleep(0.015)


def like_an_editor(source: Path, target: Path) -> None:
    """A first version, then saved over as vim does: swap file, probe, backup, new file."""
    target.write_text(UNFINISHED, "utf-8")
    swap, probe = target.with_name(f".{target.name}.swp"), target.with_name("4913")
    backup = target.with_name(target.name + "~")
    swap.write_bytes(b"b0VIM 8.2")
    probe.touch()
    probe.unlink()
    with contextlib.suppress(FileNotFoundError):  # the daemon was faster: that version is done
        target.rename(backup)
    target.write_bytes(source.read_bytes())
    backup.unlink(missing_ok=True)
    swap.unlink()


WAYS: list[Callable[[Path, Path], None]] = [copied, moved, dated, slowly, like_an_editor]
