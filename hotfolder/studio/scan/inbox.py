"""The prompt files in `inbox/`: what each asks for, what is wrong with it, what it waits for."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from msgspec import structs

from hotfolder.errors import (
    MistakesError,
    PictureError,
    PlugInMissingError,
    mistake,
    printable,
    reason,
)
from hotfolder.images import metadata
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.prompts import check, folder, formats, keys, picture, text_encoding
from hotfolder.recipes import wildcards
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import template
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Pixels, drafted
from hotfolder.recipes.settings import Photos
from hotfolder.snapshot import BrokenFile, PromptFile, Request
from hotfolder.studio.config.fit_prompts import fit, ours, read
from hotfolder.studio.config.match_model import match
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import MAX_PICTURE_BYTES, Reading, read_settled
from hotfolder.studio.scan import limits
from hotfolder.studio.scan.folders import Folders, is_folders

_log = logging.getLogger(__name__)
_TEXT = frozenset({".txt"})
NOTES = (".error.txt", ".note.txt")
"""How the names of our own notes end."""

_SIDECARS = frozenset({".xmp", ".xml"})  # picture programs put these beside pictures


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that cannot be worked on yet, and a sentence about what it waits for.

    `for_owner` says that somebody has to do something: a note beside the file tells them.
    """

    says: str
    for_owner: bool = False


@dataclass(slots=True)
class Inbox:
    """The settled files of `inbox/`, each read once in each of its states.

    A text file that has the name of a picture beside it is that picture's prompt, whichever of the
    two came first.
    """

    studio: Studio
    folders: Folders
    _explained: dict[str, str] = field(default_factory=dict)
    _files: dict[str, Reading] = field(default_factory=dict)
    _stems: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _entries: dict[str, PromptFile | BrokenFile | Waiting | None] = field(default_factory=dict)
    _unreadable: set[str] = field(default_factory=set)
    _due: dict[str, None] = field(default_factory=dict)

    def put(self, path: str, state: Reading) -> None:
        """A file has settled in this state."""
        if is_folders(path):
            self.folders.put(path, state)
            self._read_below(path)
        self._files[path] = state
        self._stems[_stem(path)].add(path)
        self._forget(path)

    def remove(self, path: str) -> None:
        """A file is gone, or has begun to change."""
        if self._files.pop(path, None):
            if is_folders(path):
                self.folders.remove(path)
                self._read_below(path)
            self._forget(path)
            self._explained.pop(path, None)
            self._stems[_stem(path)].discard(path)
            del self._due[path]

    def read_again(self) -> None:
        """Profiles or word lists have changed: every file is to be checked against them."""
        self._entries.clear()
        self._due.update(dict.fromkeys(self._files))

    def try_again(self) -> None:
        """A file that could not be read may be readable by now."""
        for path in self._unreadable & self._files.keys():
            self._entries.pop(path, None)
            self._due.setdefault(path)
        self._unreadable.clear()

    @property
    def is_due(self) -> bool:
        """Whether any file has yet to be read in its present state."""
        return bool(self._due)

    def read_next(self, config: Config) -> None:
        """Read one of the files that are due."""
        path = next(iter(self._due))
        self._entries[path] = self._read(path, config)
        del self._due[path]

    def entries(self) -> list[tuple[str, PromptFile | BrokenFile | Waiting]]:
        """What each file is that was read; those that need no attention are left out."""
        return [(path, entry) for path, entry in self._entries.items() if entry is not None]

    def explained(self, path: str) -> None:
        """The owner was told what a file waits for."""
        entry = self._entries.get(path)
        if isinstance(entry, Waiting):
            self._explained[path] = entry.says

    def unexplained(self) -> list[BrokenFile]:
        """The files that wait for their owner, who was not told yet."""
        return [
            BrokenFile(path, entry.says)
            for path, entry in self._entries.items()
            if isinstance(entry, Waiting) and entry.for_owner
            if self._explained.get(path) != entry.says
        ]

    def _read_below(self, path: str) -> None:
        """What a folder says has changed: the files below it are to be read anew."""
        place = path.rpartition("/")[0] + "/"
        for known in self._files:
            if known.startswith(place):
                self._entries.pop(known, None)
                self._due.setdefault(known)

    def _read(self, path: str, config: Config) -> PromptFile | BrokenFile | Waiting | None:
        if is_folders(path) or path.endswith(NOTES):
            return self._of_folder(path)
        suffix = formats.suffix_of(PurePosixPath(path).name)
        is_picture = suffix in picture_suffixes()
        if suffix in _SIDECARS or (suffix in _TEXT and self._partners(path, picture_suffixes())):
            return None
        beside = self._partners(path, _TEXT | _SIDECARS) if is_picture else ()
        try:
            if pause := self.folders.paused(path):
                return Waiting(f"{printable(pause)} lies there; take it away to go on")
            try:
                said = self.folders.table(path)
            except MistakesError:
                return Waiting("the folder.toml of its folder has a mistake")
            if is_picture:
                prompts = self._picture_prompts(path, beside, config)
            else:
                prompts = self._text_prompts(path, suffix, config, said)
            if isinstance(prompts, Waiting):
                return prompts
            prompts = self._in_folder(path, prompts, said, config)
            requests = requests_of(prompts, config)
            limits.check_requests(requests, config.settings.limits)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._unreadable.add(path)
            return Waiting(f"it cannot be read: {reason(error)}")
        except (MistakesError, PictureError) as error:
            lacks = getattr(error, "lacks", isinstance(error, PlugInMissingError))
            return BrokenFile(path, str(error), beside, lacks)
        except Exception as error:  # whatever a stranger wrote, it stands alone
            _log.exception("unexpected trouble with %s", printable(path))
            says = f"it cannot be read, which is a fault of hotfolder ({type(error).__name__})"
            return BrokenFile(path, says, beside)
        arrived = (self._files[path].ctime_ns, path)
        priority, only = said.get("priority", 0), said.get("only", "")
        file = PromptFile(path, requests, arrived, beside, priority, only)
        for note in file.notes:
            _log.warning("%s: %s", printable(path), note)
        return file

    def _of_folder(self, path: str) -> Waiting | None:
        """What is wrong with a folder's file; a note of ours is nothing."""
        if PurePosixPath(path).name != folder.NAME:
            return None
        try:
            self.folders.read(path)
        except OSError as error:
            self._unreadable.add(path)
            return Waiting(f"it cannot be read: {reason(error)}")
        except MistakesError as error:
            return Waiting(f"the files in this folder wait, because of a mistake: {error}", True)
        return None

    def _in_folder(
        self, path: str, prompts: tuple[Prompt, ...], said: dict[str, Any], config: Config
    ) -> tuple[Prompt, ...]:
        """The prompts with what the folders say for them."""
        table = {key: value for key, value in said.items() if key not in folder.OWN}
        named = self.folders.named(path, config.profiles)
        if named and "profile" not in table:
            table["profile"] = named
        return tuple(keys.granted(prompt, table) for prompt in prompts) if table else prompts

    def _text_prompts(
        self, path: str, suffix: str, config: Config, said: dict[str, Any]
    ) -> tuple[Prompt, ...] | Waiting:
        if not formats.is_text(suffix):
            known = ", ".join(sorted(formats.suffixes()))
            says = f"this kind of file is not read; hotfolder reads {known}"
            raise mistake(says, lacks=True)  # another package may read it
        data = self._data(path, text_encoding.MAX_BYTES)
        limits.check_text(data, config.settings.limits)
        habit = said.get("one_prompt_per", config.settings.one_prompt_per)
        return read(suffix, text_encoding.decode(data), config, self.studio, habit)

    def _picture_prompts(
        self, path: str, beside: tuple[str, ...], config: Config
    ) -> tuple[Prompt, ...] | Waiting:
        data = self._data(path)
        contents = metadata.read(data)
        limits.check_picture(data, config.settings.limits, contents)
        shown = identify(data, self.studio, contents)
        texts = [name for name in beside if PurePosixPath(name).suffix.lower() in _TEXT]
        text = None
        if texts:
            data = self._data(texts[0], text_encoding.MAX_BYTES)
            limits.check_text(data, config.settings.limits)
            text = text_encoding.decode(data)
        photos = config.settings.photos
        if not (shown.recipe or text or (shown.params and shown.params.prompt)):
            if photos.prompt.strip():
                notes = (shown.note,) if shown.note else ()
                return (_of_photo(photos, shown.pixels, notes),)
            name = PurePosixPath(path).with_suffix(".txt").name
            noted = f"{shown.note}; " if shown.note else ""
            return Waiting(f"{noted}put a text file {name} with a prompt beside it", True)
        written = picture.parse(shown.recipe, shown.params, text)
        if shown.recipe is None:
            prompts = fit(written, config, self.studio, text is not None)
            return tuple(structs.replace(prompt, source=shown.pixels) for prompt in prompts)
        preferred = shown.record.profile if shown.record else ""
        params = GenerationParams(model=drafted(shown.recipe).model)
        matched = match(params, config, self.studio, preferred)
        own = (ours(prompt, matched) for prompt in written if isinstance(prompt, Prompt))
        return tuple(structs.replace(prompt, notes=matched.notes) for prompt in own)

    def _data(self, path: str, limit: int = MAX_PICTURE_BYTES) -> bytes:
        root = self.studio.root
        return read_settled(root / path, self._files[path], limit, below=root)

    def _partners(self, path: str, suffixes: frozenset[str]) -> tuple[str, ...]:
        """Settled files beside `path` with its name and one of these endings."""
        others = sorted(self._stems[_stem(path)] - {path})
        return tuple(name for name in others if PurePosixPath(name).suffix.lower() in suffixes)

    def _forget(self, path: str) -> None:
        for known in self._stems[_stem(path)]:
            self._entries.pop(known, None)
            self._due.setdefault(known)


def _of_photo(photos: Photos, source: Pixels, notes: tuple[str, ...]) -> Prompt:
    """The owner's prompt for a picture of which nothing says what it shows."""
    text, negative = photos.prompt.strip(), photos.negative.strip()
    return Prompt(text=text, negative=negative, profile=photos.profile, source=source, notes=notes)


def _stem(path: str) -> str:
    return path.removesuffix(PurePosixPath(path).suffix)


def _notes(request: Request, config: Config) -> tuple[str, ...]:
    """Sentences about what of a prompt is used as it is written, or has no effect."""
    prompt, profile = request.prompt, request.profile
    text, literal = template(prompt, profile), prompt.literal
    drawn = () if literal else wildcards.notes(text, config.words)
    if prompt.plain:
        return drawn
    shelf = config.shelf(profile)
    return (*drawn, *check.notes(text, prompt.negative, profile, shelf, literal))


def requests_of(prompts: tuple[Prompt, ...], config: Config) -> tuple[Request, ...]:
    """What a file's prompts ask for; the same prompt twice is one request for both counts."""
    check.check(prompts, config.profiles, config.settings.profile, config.words, config.shelf)
    requests: dict[str, Request] = {}
    for prompt in prompts:
        name = prompt.profile or config.settings.profile
        profile = config.profile(name, prompt.overrides)
        count = prompt.count or profile.draft.count
        request = Request(prompt, prompt.digest, count, name, profile)
        notes = (*prompt.notes, *_notes(request, config))
        request = replace(request, notes=tuple(dict.fromkeys(notes)))
        if same := requests.get(request.digest):
            endless = "endless" in (same.count, request.count)
            count = "endless" if endless else int(same.count) + int(request.count)
            request = replace(same, count=count)
        requests[request.digest] = request
    return tuple(requests.values())
