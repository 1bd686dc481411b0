"""A daemon that is killed again and again still makes exactly the right pictures."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest

from hotfolder.commands.demo import STAR
from hotfolder.images import png
from hotfolder.studio.create import create
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from tests.forkserver import ForkServer

KILLS = 18
DROPS = 6
PICKS = 3

_QUICK = """\
extends = "postcard"
steps = 2
[draft]
area = "128x128"
count = 2
[refine]
area = "160x160"
"""


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _move(source: Path, target: Path) -> None:
    source.rename(target)


def _slowly(source: Path, target: Path) -> None:
    """Prompt by prompt, with a pause: on a busy machine the first may have settled alone."""
    first, _, second = source.read_bytes().partition(b"\n\n")
    for piece in (first + b"\n\n", second):
        with target.open("ab") as stream:
            stream.write(piece)
        time.sleep(0.05)


def _like_vim(source: Path, target: Path) -> None:
    """Write a first version, then save over it as vim does: swap file, probe, backup, new file.

    On a busy machine the first version may have settled, and even be done.
    """
    target.write_text("an unfinished tho", "utf-8")
    swap, probe = target.with_name(f".{target.name}.swp"), target.with_name("4913")
    swap.write_bytes(b"b0VIM 8.2")
    probe.touch()
    probe.unlink()
    backup = target.with_name(target.name + "~")
    with suppress(FileNotFoundError):
        target.rename(backup)
    target.write_bytes(source.read_bytes())
    backup.unlink(missing_ok=True)
    swap.unlink()


DROP: list[Callable[[Path, Path], None]] = [_copy, _move, _slowly, _like_vim]


@pytest.mark.parametrize("luck", [11])
def test_kills(luck: int, tmp_path: Path, forkserver: ForkServer) -> None:
    """Under drops, moves, stars and SIGKILLs nothing is lost, doubled or torn."""
    chance = random.Random(luck)
    studio, _ = create(tmp_path / "studio")
    studio.settings.write_text('profile = "quick"\nsettle_seconds = 0.15\nlook_seconds = 1\n')
    (studio.profiles / "quick.toml").write_text(_QUICK)
    outside = tmp_path / "outside"
    outside.mkdir()
    ways, picks = cycle(DROP), 0
    for kill in range(KILLS):
        daemon = forkserver.start("run", studio.root)
        time.sleep(chance.uniform(0.0, 0.4))
        if kill % (KILLS // DROPS) == 0:
            number = kill // (KILLS // DROPS)
            prompt = outside / f"prompt {number}.txt"
            prompt.write_text(f"a castle number {number}\n\n月夜の灯台 {number}\n", "utf-8")
            next(ways)(prompt, studio.inbox / prompt.name)
        if kill >= KILLS // 2 and picks < PICKS:
            picks += _pick(studio, chance)
        time.sleep(chance.uniform(0.0, 1.6))
        forkserver.kill(daemon)
    while picks < PICKS:
        forkserver.wait(forkserver.start("run", "--once", studio.root), 120)
        picks += _pick(studio, chance)
    forkserver.wait(forkserver.start("run", "--once", studio.root), 240)
    _check(studio)


def _pick(studio: Studio, chance: random.Random) -> int:
    """Move or star one draft, if there is any; how many were picked."""
    drafts = list(_unstarred(studio))
    if not drafts:
        return 0
    draft = chance.choice(drafts)
    if chance.random() < 0.5:
        draft.rename(studio.seeds / draft.name)
    else:
        starred = draft.with_name(f"{draft.name}_exiftool_tmp")
        starred.write_bytes(png.with_xmp(draft.read_bytes(), STAR))
        starred.replace(draft)
    return 1


def _unstarred(studio: Studio) -> Iterator[Path]:
    """The drafts that a daemon leaves where they are; it may be moving another just now."""
    for path in sorted(studio.drafts.glob("*.png")):
        with suppress(FileNotFoundError):
            if b'xmp:Rating="5"' not in path.read_bytes():
                yield path


def _check(studio: Studio) -> None:
    """Reads only the disk."""
    drafts = [*studio.drafts.rglob("*.png"), *studio.seeds.rglob("*.png")]
    finals = list(studio.final.rglob("*.png"))
    shown = {path: identify(path.read_bytes()) for path in (*drafts, *finals)}
    assert not [path for path, what in shown.items() if what.edited or what.recipe is None]
    ids = Counter(what.recipe.id for what in shown.values())
    assert max(ids.values()) == 1, "a picture was made twice"
    prompts = Counter(shown[path].recipe.prompt for path in drafts if shown[path].record)
    wanted = {f"a castle number {n}": 2 for n in range(DROPS)}
    wanted |= {f"月夜の灯台 {n}": 2 for n in range(DROPS)}
    unfinished = prompts.pop("an unfinished tho", 0)
    assert prompts == wanted
    assert unfinished <= 2 * DROPS, "an earlier version of a file may have begun its drafts"
    seeds = {shown[path].recipe.id for path in studio.seeds.glob("*.png")}
    sources = Counter(shown[path].recipe.source.id for path in finals)
    assert sources == dict.fromkeys(seeds, 3), "each picked draft has three finals"
    assert sorted(p.name for p in studio.inbox.iterdir()) == ["done", "failed"]
    assert not list(studio.failed.iterdir())
    assert not list(studio.root.rglob("*.tmp")), "no temp file is left"
