"""The naive writer: a small daemon as one would write it in an evening, to measure others against.

It acts on close and move events, and at its start on what is newer than the one JSON file in which
it keeps what is done; it saves pictures in place under their names. None of that is careless; all
of it is wrong. Never an example to follow.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from campaigns.kit import painter

DRAFTS, FINALS = 2, 3
DRAFT_PX, FINAL_PX = 128, 160


class Writer(FileSystemEventHandler):
    """Makes drafts of text files and finals of seeds, as events tell it of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / ".hotfolder" / "naive.json"
        self.done: list[str] = []
        if self.state.exists():
            self.done = json.loads(self.state.read_text())

    def on_closed(self, event: FileSystemEvent) -> None:
        """A file was written."""
        self.act(Path(str(event.src_path)))

    def on_moved(self, event: FileSystemEvent) -> None:
        """A file has a new name."""
        self.act(Path(str(event.dest_path)))

    def act(self, path: Path) -> None:
        """Do what a file calls for."""
        if str(path) in self.done or not path.is_file():
            return
        if path.parent == self.root / "inbox" and path.suffix == ".txt":
            self.draft(path)
        elif path.parent == self.root / "drafts" and b'xmp:Rating="5"' in path.read_bytes():
            path = path.rename(self.root / "seeds" / path.name)
            self.refine(path)
        elif path.parent == self.root / "seeds" and path.suffix == ".png":
            self.refine(path)
        else:
            return
        self.done.append(str(path))
        self.state.write_text(json.dumps(self.done))

    def draft(self, path: Path) -> None:
        """Make the drafts of a prompt file, and put the file aside."""
        for paragraph in path.read_text("utf-8").split("\n\n"):
            for _ in range(DRAFTS):
                self.save("drafts", " ".join(paragraph.split()), DRAFT_PX, None)
        path.rename(self.root / "inbox" / "done" / path.name)

    def refine(self, path: Path) -> None:
        """Make the finals of a picture."""
        with Image.open(path) as image:
            source = json.loads(image.info["hotfolder"])["recipe"]
        for _ in range(FINALS):
            self.save("final", source["prompt"], FINAL_PX, source)

    def save(self, folder: str, prompt: str, side: int, source: Any) -> None:
        """Paint one picture and save it."""
        seed = random.randrange(2**32)
        recipe = {"kind": "recipe", "prompt": prompt, "seed": seed, "width": side}
        if source:
            recipe["source"] = {key: value for key, value in source.items() if key != "schema"}
        text, identity = written(recipe), identity_of(recipe)
        painter.note("final" if source else "draft", identity_of(source) if source else identity)
        info = PngInfo()
        info.add_text("hotfolder", f'{{"recipe":{text},"record":{{}}}}')
        name = "".join(c if c.isalnum() else "-" for c in prompt[:36])
        painter.paint(identity, side, side).save(
            self.root / folder / f"{name}-{identity[:8]}.png", pnginfo=info
        )

    def scanner(self) -> None:
        """Do what was dropped while nobody watched: what is newer than the last thing done."""
        last = self.state.stat().st_mtime if self.state.exists() else -1.0
        for folder in ("inbox", "seeds"):
            for path in sorted((self.root / folder).iterdir()):
                if path.stat().st_mtime > last:
                    self.act(path)


def written(recipe: Any) -> str:
    """A recipe as text."""
    return json.dumps({"schema": 1, **recipe}, sort_keys=True, separators=(",", ":"))


def identity_of(recipe: Any) -> str:
    """The id of a recipe."""
    return hashlib.sha256(written(recipe).encode()).hexdigest()


def main(root: Path, once: bool) -> int:
    """Work on a studio until killed, or `once`."""
    random.seed()  # a forked child would draw what its siblings draw
    writer = Writer(root)
    if not once:
        observer = Observer()
        observer.schedule(writer, str(root), recursive=True)
        observer.start()
    writer.scanner()
    if not once:
        threading.Event().wait()
    return 0
