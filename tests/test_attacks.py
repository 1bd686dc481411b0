"""Somebody who may write into the studio works against a daemon; a private folder lies beside."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.daemon import Daemon
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import local
from tests.daemon_thread import Said, at_work
from tests.forkserver import until
from tests.painter import FakeExecutor

SEEDS = int(os.environ.get("HOTFOLDER_ATTACKS", "240")) // 120
Attack = Callable[[Studio, Path, random.Random], object]


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(60 * 10**9)


def _forge(studio: Studio, home: Path, machine: str) -> None:
    out = os.path.relpath(home, studio.root)
    steal = {"sidecars": {f"{out}/secret.txt": "drafts/loot.txt"}, "picture": "k"}
    lines = [
        {"event": "picking", "file": "drafts/gone.png", "to": "seeds/x.png", **steal},
        {"event": "finishing", "file": f"{out}/secret.txt", "to": "inbox/done/x", "through": {}},
        {"event": "finished", "to": "inbox/done/x", "through": {"x": 10**30}, "file": out},
        {"event": "making", "stage": "draft", "request": "r", "ordinal": 1, "recipe": "c",
         "name": f"{out}/secret.txt"},
    ]  # fmt: skip
    with (studio.ledger / f"{machine}.jsonl").open("ab") as stream:
        stream.writelines(json.dumps(line).encode() + b"\n" for line in lines)
        stream.write(b"[" * 5000 + b"\n\0\xff\n" + b'{"a":' + b"9" * 6000 + b"}\n")


def _exchange(path: Path, target: Path) -> None:
    """A link takes a folder's or a file's place, and gives it back."""
    aside = path.with_name(f".{path.name}.aside")
    path.rename(aside)
    try:
        path.symlink_to(target)
        time.sleep(random.random() / 500)
        path.unlink()
    finally:
        aside.rename(path)


def _sub(studio: Studio, home: Path, rand: random.Random) -> None:
    (studio.inbox / "sub").mkdir(exist_ok=True)
    (studio.inbox / "sub/secret.txt").write_text("a castle")
    _exchange(studio.inbox / "sub", home)


ATTACKS: dict[str, Attack] = {
    "inbox/sub for a link": _sub,
    "done for a link": lambda s, home, r: _exchange(s.done, home),
    "failed for a link": lambda s, home, r: _exchange(s.failed, home),
    "drafts for a link": lambda s, home, r: _exchange(s.drafts, home),
    "seeds for a link": lambda s, home, r: _exchange(s.seeds, home),
    "recipes for a link": lambda s, home, r: _exchange(s.recipes, home),
    "ledger for a link": lambda s, home, r: _exchange(s.ledger, home),
    "wildcards for a link": lambda s, home, r: _exchange(s.wildcards, home),
    "profiles for a link": lambda s, home, r: _exchange(s.profiles, home),
    "a link among prompts": lambda s, home, r: (s.inbox / f"{r.random()}.txt").symlink_to(
        home / "secret.txt"
    ),
    "a link among seeds": lambda s, home, r: (s.seeds / f"{r.random()}.png").symlink_to(
        home / "secret.txt"
    ),
    "a linked note": lambda s, home, r: (s.failed / f"b{r.randrange(9)}.toml.error.txt").symlink_to(
        home / "secret.txt"
    ),
    "broken files": lambda s, home, r: (s.inbox / f"b{r.randrange(9)}.toml").write_text("promt=1"),
    "a huge number": lambda s, home, r: (s.inbox / f"h{r.randrange(9)}.toml").write_text(
        'prompt="x"\nseed=0x' + "f" * 5000
    ),
    "a ledger of ours": lambda s, home, r: _forge(s, home, local.machine()),
    "a ledger of another": lambda s, home, r: _forge(s, home, f"evil-{r.randrange(3)}"),
    "a pipe of a ledger": lambda s, home, r: os.mkfifo(s.ledger / f"p{r.random()}.jsonl"),
    "a folder of a ledger": lambda s, home, r: (s.ledger / f"f{r.random()}.jsonl").mkdir(),
    "a giant ledger": lambda s, home, r: _sparse(s.ledger / "giant.jsonl"),
    "a giant prompt": lambda s, home, r: _sparse(s.inbox / "giant.txt"),
    "a pipe among prompts": lambda s, home, r: os.mkfifo(s.inbox / f"{r.random()}.txt"),
    "a profile of theirs": lambda s, home, r: (s.profiles / "e.toml").write_text(
        f'extends="postcard"\n[model]\nsource="{home}"\n'
    ),
    "a deep tree": lambda s, home, r: s.inbox.joinpath(*["d"] * 200).mkdir(
        parents=True, exist_ok=True
    ),
    "strange names": lambda s, home, r: (
        s.inbox / f"\x1b]0;{r.randrange(9)}\n\u202etxt.txt"
    ).touch(),
    "no done": lambda s, home, r: shutil.rmtree(s.done),
}


def _state(home: Path) -> dict[str, tuple[str, int, int]]:
    return {
        str(path.relative_to(home)): (
            path.read_text() if path.is_file() else "",
            path.stat().st_mtime_ns,
            path.stat().st_mode,
        )
        for path in home.rglob("*")
    }


@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_attacker_beside_a_daemon(studio: Studio, tmp_path: Path, seed: int) -> None:
    """Nothing outside is read, moved, made or changed; the daemon lives and serves the honest."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret.txt").write_text("password of the owner")
    (home / ".bashrc").write_text("# mine\n")
    studio.settings.write_text("settle_seconds = 0.05\nlook_seconds = 0.5\nkeep_free_gb = 0\n")
    before, rand = _state(home), random.Random(seed)
    daemon = Daemon(studio, Said(), executor=FakeExecutor(slots=1))
    with at_work(daemon):
        for number in range(120):
            name = rand.choice(list(ATTACKS))
            with contextlib.suppress(OSError):
                ATTACKS[name](studio, home, rand)
            if number % 40 == 0:
                (studio.inbox / f"honest{number}.toml").write_text(
                    f'prompt = "an honest castle {number}"\ncount = 1\n'
                )
        for room in (studio.done, studio.failed):
            room.mkdir(exist_ok=True)

        def served() -> bool:
            names = [path.name for path in studio.drafts.rglob("honest-castle*.png")]
            return len(names) >= 3

        until(served, 30)
    assert _state(home) == before
    texts = [path for path in studio.root.rglob("*") if path.is_file() and not path.is_symlink()]
    small = [path for path in texts if path.stat().st_size < 10**6]
    assert not [path for path in small if b"password of the owner" in path.read_bytes()]
