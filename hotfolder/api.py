"""hotfolder as a library: read pictures, make them again, and drive a studio from Python.

    from hotfolder.api import Studio, read, regenerate

    studio = Studio.open("pictures")
    studio.add("a castle by a lake, {morning|evening}", count=8)
    for event in studio.events():            # while `hotfolder run pictures` works
        print(event.kind, event.path)

Nothing here needs a daemon, and nothing is done behind the daemon's back: all actions are file
operations that a person could do by hand. Only `regenerate` imports torch, and only when called.
Every function raises a subclass of `hotfolder.errors.HotfolderError` with a sentence for people.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tomli_w

from hotfolder import status as studio_status
from hotfolder.errors import PictureError
from hotfolder.history import Made
from hotfolder.images.generation_params import GenerationParams
from hotfolder.jobs import Job
from hotfolder.plan import plan
from hotfolder.prompts import toml
from hotfolder.recipes.recipe import Recipe
from hotfolder.recipes.record import Record
from hotfolder.regenerate import Remade
from hotfolder.regenerate import regenerate as remake
from hotfolder.status import Status
from hotfolder.studio import layout
from hotfolder.studio.config import load
from hotfolder.studio.create import create
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.names import slug
from hotfolder.studio.pictures import studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import atomic, sources
from hotfolder.studio.store.ledger import Ledger
from hotfolder.workshop import import_engine, models_of

__all__ = ["Event", "Picture", "Remade", "Status", "Studio", "read", "regenerate"]

StrPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture file says of itself.

    `width` and `height` are in pixels, `pixels` is the SHA-256 of the decoded RGB pixels (64 hex
    digits). `recipe` and `record` are there if hotfolder made it; `edited` says that its pixels are
    not the recorded ones any more. `params` are there if another program made it and says how.
    `note` is a sentence on metadata that could not be used, or empty.
    """

    path: Path
    width: int
    height: int
    pixels: str
    recipe: Recipe | None
    record: Record | None
    edited: bool
    params: GenerationParams | None
    note: str


@dataclass(frozen=True, slots=True)
class Event:
    """A picture that was made: a `draft` or a `final`.

    `path` is where it was published (it may have been moved since), `recipe_id` the SHA-256 of its
    recipe, `request` what it was made for: a prompt's digest, or the key of a picked picture.
    """

    kind: Literal["draft", "final"]
    path: Path
    recipe_id: str
    request: str


def read(path: StrPath) -> Picture:
    """What the picture at `path` says of itself; PNG, JPEG and WebP.

    Raises PictureError for what is no picture, OSError for what cannot be read.
    """
    file = Path(path)
    shown = identify(read_file(file), studio_of(file))
    return Picture(
        path=file,
        width=shown.pixels.width,
        height=shown.pixels.height,
        pixels=shown.pixels.sha256,
        recipe=shown.recipe,
        record=shown.record,
        edited=shown.edited,
        params=shown.params,
        note=shown.note,
    )


def regenerate(path: StrPath, studio: Studio | None = None) -> Remade:
    """The picture at `path` rendered again from what it carries, and the verdict.

    `studio` says where models and kept sources are; by default the studio that the file lies in, or
    the shipped models alone. Loads the model for this one call: seconds, and its memory.
    Raises PictureError for a picture that does not say how it was made.
    """
    file = Path(path)
    home = studio.layout if studio else studio_of(file)
    shown: Identity = identify(read_file(file), home)
    if shown.recipe is None or shown.record is None:
        raise PictureError(shown.note or f"{file} does not say how it was made")
    config = load.read_config(home) if home else load.nobody()
    engine = import_engine().Engine(models_of(config), home.root if home else None)
    return remake(
        shown.recipe,
        shown.record,
        engine,
        lambda sha256: sources.search(home, sha256) if home else None,
        None if shown.edited else shown.image,
    )


@dataclass(frozen=True, slots=True)
class Studio:
    """A studio, open for work from Python. `layout` names its folders and files."""

    layout: layout.Studio

    @classmethod
    def open(cls, path: StrPath) -> Studio:
        """The studio at `path`; raises StudioMissingError where there is none."""
        return cls(layout.find(Path(path)))

    @classmethod
    def create(cls, path: StrPath) -> Studio:
        """A studio at `path`, made where there is none; nothing that is there is touched."""
        return cls(create(Path(path))[0])

    def status(self) -> Status:
        """What lies where, what is to be made, what waits and why."""
        return studio_status.status(self.layout)

    def plan(self) -> Iterator[Job]:
        """What would be done now, in order; lazy, since an endless file plans its next draft."""
        survey = Survey(self.layout)
        snapshot = survey.look()
        return plan(snapshot, Ledger(self.layout).history, survey.config)

    def add(self, prompt: str, **keys: Any) -> Path:
        """Drop a prompt into `inbox/` and return the file that was made.

        `keys` are those of a TOML prompt file: `count`, `negative`, `profile`, `seed`, `size`,
        `refine` and so on. Raises MistakesError for a key or value that is wrong, and writes
        nothing then.
        """
        text = tomli_w.dumps({"prompt": prompt, **keys})
        toml.parse(text)
        made = atomic.publish(self.layout.root, f"inbox/{slug(prompt)}.toml", text.encode())
        return self.layout.root / made

    def pick(self, draft: StrPath) -> Path:
        """Move a draft to `seeds/`, so that it is refined; returns where it lies now.

        `draft` is a path, or one relative to the studio. Raises PictureError for what does not lie
        in `drafts/`, FileNotFoundError for what is not there.
        """
        file = self.layout.root / draft
        if not file.resolve().is_relative_to(self.layout.drafts):
            raise PictureError(f"{file} is not in {self.layout.drafts}, so it is not a draft")
        source = atomic.relative(self.layout.root, file.resolve())
        return self.layout.root / atomic.move(self.layout.root, source, f"seeds/{file.name}")

    def events(
        self, every_s: float = 1.0, until: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        """Every picture that is made from now on, by this machine or another, as it appears.

        Looks every `every_s` seconds, and ends when `until` says so.
        """
        ledger = Ledger(self.layout)
        while not until():
            for entry in ledger.news():
                if isinstance(entry, Made):
                    path = self.layout.root / entry.name
                    yield Event(entry.stage, path, entry.recipe, entry.request)
            time.sleep(every_s)
