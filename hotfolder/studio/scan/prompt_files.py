"""What a prompt file asks for: a text, or a picture with or without a text beside it.

Everything that is read for it is read here, in one call, so that it can be done elsewhere: see
`apart`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from msgspec import structs

from hotfolder.errors import MistakesError, PictureError, PlugInMissingError, mistake, reason
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
from hotfolder.snapshot import BrokenFile, Request
from hotfolder.studio.config import fit_prompts
from hotfolder.studio.config.fit_prompts import fit, ours
from hotfolder.studio.config.match_model import match
from hotfolder.studio.identity import identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import MAX_PICTURE_BYTES, Reading, read_settled
from hotfolder.studio.scan import limits
from hotfolder.studio.scan.apart import require_quick_picture, require_quick_text

TEXT = frozenset({".txt"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that cannot be worked on yet, and a sentence about what it waits for.

    `for_owner` says that somebody has to do something: a note beside the file tells them. One that
    is `unreadable` may be readable another time.
    """

    says: str
    for_owner: bool = False
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """A prompt file that has settled, the files that go with it, and their states.

    `said` is what its folders say for it, and `named` the profile that one of them is called after.
    """

    studio: Studio
    path: str
    states: Mapping[str, Reading]
    beside: tuple[str, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)
    named: str | None = None

    def data(self, path: str, limit: int = MAX_PICTURE_BYTES) -> bytes:
        """The bytes of one of them; raises as `read_settled`."""
        root = self.studio.root
        return read_settled(root / path, self.states[path], limit, below=root)


def read(files: Files, config: Config, hurry: bool) -> tuple[Request, ...] | BrokenFile | Waiting:
    """What a file asks for, what is wrong with it, or what it waits for.

    In a `hurry` SlowError is raised for what may take long. Nothing else ever is.
    """
    try:
        if PurePosixPath(files.path).suffix.lower() in picture_suffixes():
            prompts = _picture_prompts(files, config, hurry)
        else:
            prompts = _text_prompts(files, config, hurry)
        if isinstance(prompts, Waiting):
            return prompts
        requests = requests_of(in_folder(prompts, files.said, files.named), config)
        limits.check_requests(requests, config.settings.limits)
    except OSError as error:  # it may be gone, or the whole studio for a moment: a look will tell
        return Waiting(f"it cannot be read: {reason(error)}", unreadable=True)
    except (MistakesError, PictureError) as error:
        lacks = getattr(error, "lacks", isinstance(error, PlugInMissingError))
        return BrokenFile(files.path, str(error), files.beside, lacks)
    return requests


def in_folder(
    prompts: tuple[Prompt, ...], said: Mapping[str, Any], named: str | None
) -> tuple[Prompt, ...]:
    """The prompts with what their folders say for them; see `Files`."""
    table = {key: value for key, value in said.items() if key not in folder.OWN}
    if named and "profile" not in table:
        table["profile"] = named
    return tuple(keys.granted(prompt, table) for prompt in prompts) if table else prompts


def _text_prompts(files: Files, config: Config, hurry: bool) -> tuple[Prompt, ...]:
    suffix = formats.suffix_of(PurePosixPath(files.path).name)
    if not formats.is_text(suffix):
        known = ", ".join(sorted(formats.suffixes()))
        says = f"this kind of file is not read; hotfolder reads {known}"
        raise mistake(says, lacks=True)  # another package may read it
    text = _text(files, files.path, config, hurry)
    habit = files.said.get("one_prompt_per", config.settings.one_prompt_per)
    return fit_prompts.read(suffix, text, config, files.studio, habit)


def _text(files: Files, path: str, config: Config, hurry: bool) -> str:
    data = files.data(path, text_encoding.MAX_BYTES)
    limits.check_text(data, config.settings.limits)
    if hurry:
        require_quick_text(len(data))
    return text_encoding.decode(data)


def _picture_prompts(files: Files, config: Config, hurry: bool) -> tuple[Prompt, ...] | Waiting:
    data = files.data(files.path)
    contents = metadata.read(data)
    limits.check_picture(data, config.settings.limits, contents)
    if hurry:
        require_quick_picture(len(data), contents)
    shown = identify(data, files.studio, contents)
    texts = [name for name in files.beside if PurePosixPath(name).suffix.lower() in TEXT]
    text = _text(files, texts[0], config, hurry) if texts else None
    photos = config.settings.photos
    if not (shown.recipe or text or (shown.params and shown.params.prompt)):
        if photos.prompt.strip():
            notes = (shown.note,) if shown.note else ()
            return (_of_photo(photos, shown.pixels, notes),)
        name = PurePosixPath(files.path).with_suffix(".txt").name
        noted = f"{shown.note}; " if shown.note else ""
        return Waiting(f"{noted}put a text file {name} with a prompt beside it", True)
    written = picture.parse(shown.recipe, shown.params, text)
    if shown.recipe is None:
        prompts = fit(written, config, files.studio, text is not None)
        return tuple(structs.replace(prompt, source=shown.pixels) for prompt in prompts)
    preferred = shown.record.profile if shown.record else ""
    params = GenerationParams(model=drafted(shown.recipe).model)
    matched = match(params, config, files.studio, preferred)
    own = (ours(prompt, matched) for prompt in written if isinstance(prompt, Prompt))
    return tuple(structs.replace(prompt, notes=matched.notes) for prompt in own)


def _of_photo(photos: Photos, source: Pixels, notes: tuple[str, ...]) -> Prompt:
    """The owner's prompt for a picture of which nothing says what it shows."""
    text, negative = photos.prompt.strip(), photos.negative.strip()
    return Prompt(text=text, negative=negative, profile=photos.profile, source=source, notes=notes)


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
