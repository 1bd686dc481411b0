"""What to do next, in order: snapshot + history -> jobs. Pure, and the only place that orders work.

Housekeeping comes first, since it takes no time. Then:
1. refinements, the picture that was picked first in front;
2. drafts of prompt files with a count, in turn;
3. endless drafts, in turn, held back while `drafts/` is full of pictures nobody looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from hotfolder.history import History
from hotfolder.recipes.draw import draw, template
from hotfolder.recipes.encoding import PNG, Encoding
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import Prompt, parts
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.refine import key, refine

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt of a file, with the profile it asks for and its overrides laid over that."""

    prompt: Prompt
    digest: str
    count: int | Literal["endless"]
    profile_name: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A readable prompt file. `arrived` orders files by when they came, smallest first.

    `beside` are files that belong to it and move with it: a picture's text.
    """

    path: str
    requests: tuple[Request, ...]
    arrived: tuple[int, str]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A prompt file with mistakes; `says` is what its owner shall read."""

    path: str
    says: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeedImage:
    """A picture in `seeds/`. `source` is its recipe, or its bare pixels if it is not (only) ours.

    `prompt` and `negative` are what a foreign picture says of itself. `profile` is the one that
    its refinements follow. `key` is what makes it the same picture wherever it lies, worked out
    once because a plan asks for it again and again.
    """

    path: str
    source: Recipe | Pixels
    arrived: tuple[int, str]
    profile_name: str
    profile: Profile
    record: Record | None = None
    prompt: str = ""
    negative: str = ""
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key(self.source))


@dataclass(frozen=True, slots=True)
class Starred:
    """A picture whose marks ask for something.

    `key` is what makes it the same picture wherever it lies. `changed` says that a mark was seen
    to be set, not only to be there. `sidecars` maps the patterns of its sidecars' names to their
    paths.
    """

    path: str
    key: str
    changed: bool = False
    sidecars: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the folders say now. Paths are relative to the studio, with forward slashes.

    `waiting` says of files that cannot be worked on yet what they wait for.
    """

    prompt_files: Sequence[PromptFile] = ()
    broken: Sequence[BrokenFile] = ()
    starred: Sequence[Starred] = ()
    rejected: Sequence[Starred] = ()
    unstarred: Sequence[Starred] = ()
    seeds: Sequence[SeedImage] = ()
    useless_seeds: Sequence[BrokenFile] = ()
    unseen_drafts: int = 0
    disk_is_low: bool = False
    waiting: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pick:
    """Move or copy a starred draft and its sidecars to `seeds/`."""

    path: str
    key: str
    sidecars: Mapping[str, str] = field(default_factory=dict)
    copy: bool = False
    why: str = "it has a star"


@dataclass(frozen=True, slots=True)
class Reject:
    """Move a rejected draft and its sidecars to `drafts/rejected/`."""

    path: str
    sidecars: Mapping[str, str] = field(default_factory=dict)
    why: str = "it is rejected"


@dataclass(frozen=True, slots=True)
class PutBack:
    """Move a picture whose star was taken back from `seeds/` to `drafts/`, with its sidecars."""

    path: str
    sidecars: Mapping[str, str] = field(default_factory=dict)
    why: str = "its star was taken back"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Move a prompt file that cannot be read to `inbox/failed/`, with a note beside it."""

    path: str
    says: str
    beside: tuple[str, ...] = ()
    why: str = "there is a mistake in it"


@dataclass(frozen=True, slots=True)
class Explain:
    """Put a note beside a picture in `seeds/` that cannot be refined."""

    path: str
    says: str
    why: str = "it cannot be refined"


@dataclass(frozen=True, slots=True)
class Finish:
    """Move a prompt file to `inbox/done/`: all that it asked for was made."""

    path: str
    through: Mapping[str, int]
    beside: tuple[str, ...] = ()
    why: str = "all its drafts are made"


@dataclass(frozen=True, slots=True)
class RenderDraft:
    """Make one draft of a prompt. `request` is the prompt's digest."""

    path: str
    prompt: Prompt
    request: str
    ordinal: int
    recipe: Recipe
    template: str
    profile_name: str
    endless: bool
    beside: tuple[str, ...]
    why: str
    encoding: Encoding = PNG


@dataclass(frozen=True, slots=True)
class RenderFinal:
    """Make one refinement of a picture in `seeds/`. `request` is that picture's key."""

    path: str
    request: str
    ordinal: int
    recipe: Recipe
    profile_name: str
    record: Record | None
    why: str
    encoding: Encoding = PNG


Render = RenderDraft | RenderFinal
Sort = Pick | Reject | PutBack
Chore = SetAside | Explain | Sort | Finish
Job = Chore | Render


def plan(snapshot: Snapshot, history: History, owner: Owner) -> Iterator[Job]:
    """All jobs that the snapshot calls for, the most urgent first.

    What is being made already is not planned again. An endless prompt appears once, with its next
    draft. The iterator is lazy: who wants only the first job pays only for that.
    """
    yield from (SetAside(file.path, file.says, file.beside) for file in snapshot.broken)
    yield from (Explain(file.path, file.says) for file in snapshot.useless_seeds)
    yield from _sorting(snapshot, history, owner)
    files = _first_of_each(snapshot.prompt_files)
    counted = [file for file in files if next(_missing(file, history), None) is not None]
    endless = [file for file in files if any(map(_is_endless, file.requests))]
    busy = {file.path for file in (*counted, *endless)}
    finished = [f for f in files if f.path not in busy and not _has_begun(f, history)]
    yield from (Finish(file.path, _through(file, history), file.beside) for file in finished)
    if snapshot.disk_is_low:
        return
    yield from _finals(snapshot.seeds, history)
    queues = [(file, _missing(file, history)) for file in _queue(counted, history)]
    yield from _in_turn([_drafts(file, wanted, history, owner) for file, wanted in queues])
    if snapshot.unseen_drafts + history.under_way("draft") < owner.settings.pause_endless_at:
        for file in _queue(endless, history):
            yield from _drafts(file, [_next_endless(file, history)], history, owner)


def following(
    job: RenderDraft, snapshot: Snapshot, history: History, owner: Owner
) -> Iterator[RenderDraft]:
    """The drafts of the same prompt that will be wanted after this one; without end for some."""
    for file in snapshot.prompt_files:
        request = next((r for r in file.requests if r.digest == job.request), None)
        if file.path != job.path or request is None:
            continue
        ordinals = (o for _, o in _ordinals(request, history))
        if _is_endless(request):
            made = history.made("draft", request.digest)
            ordinals = (o for o in itertools.count(job.ordinal) if o not in made)
        wanted = ((request, ordinal) for ordinal in ordinals if ordinal > job.ordinal)
        yield from _drafts(file, wanted, history, owner)


def drafts_wanted(snapshot: Snapshot, history: History) -> int:
    """How many counted drafts are still to be made. Cheaper than planning them."""
    files = _first_of_each(snapshot.prompt_files)
    return sum(1 for file in files for _ in _missing(file, history))


def _queue(files: Sequence[PromptFile], history: History) -> list[PromptFile]:
    """The files in the order of their turns.

    New ones are in front, but not of one that has waited for as many turns as there are others:
    or else new ones that keep coming would never let it have another.
    """

    def place(file: PromptFile) -> tuple[bool, int, tuple[int, str]]:
        last = history.last_turn("draft", _digests(file))
        overdue = last > 0 and history.turn("draft") - last >= len(files) - 1
        return not overdue, last, file.arrived

    return sorted(files, key=place)


def _sorting(snapshot: Snapshot, history: History, owner: Owner) -> Iterator[Job]:
    """What marks ask for.

    A picture that was picked once is picked by its star again only if that was set anew. So one
    that its owner put back into `drafts/` stays there, whatever it carries. A star that is taken
    back before the picture's turn undoes what it did.
    """
    settings = owner.settings.stars
    copy = settings.then == "copy"
    lying = {seed.key for seed in snapshot.seeds} if copy else set()
    for draft in snapshot.starred:
        is_new = draft.changed or not history.was_picked(draft.key)
        if is_new and draft.key not in lying:
            yield Pick(draft.path, draft.key, draft.sidecars, copy)
    for seed in snapshot.unstarred:
        if history.was_picked(seed.key) and not history.made("final", seed.key) and not copy:
            yield PutBack(seed.path, seed.sidecars)
    if settings.rejected == "move":
        yield from (Reject(draft.path, draft.sidecars) for draft in snapshot.rejected)


def _finals(seeds: Sequence[SeedImage], history: History) -> Iterator[Job]:
    unfinished = [
        seed for seed in seeds if len(history.made("final", seed.key)) < seed.profile.refine.count
    ]
    planned: set[str] = set()
    for seed in sorted(unfinished, key=lambda seed: seed.arrived):
        if seed.key in planned:
            continue
        planned.add(seed.key)
        done = history.made("final", seed.key)
        prompt = seed.prompt or ", ".join(parts(seed.profile.fixed))
        negative = seed.negative or seed.profile.negative
        encoding = seed.record.encoding if seed.record else PNG
        recipes = refine(seed.source, seed.profile, prompt, negative, encoding)
        begun = history.begun("final", seed.key)
        for index, recipe in enumerate(recipes):
            if index not in done and index not in begun:
                why = f"refinement {index + 1} of {len(recipes)}"
                yield RenderFinal(
                    path=seed.path,
                    request=seed.key,
                    ordinal=index,
                    recipe=recipe,
                    profile_name=seed.profile_name,
                    record=seed.record,
                    why=why,
                    encoding=seed.profile.refine.encoding,
                )


def _drafts(
    file: PromptFile, wanted: Iterable[tuple[Request, int]], history: History, owner: Owner
) -> Iterator[RenderDraft]:
    for request, ordinal in wanted:
        made = len(history.made("draft", request.digest))
        total = request.count
        number = ordinal - history.base(request.digest) + 1
        why = f"endless, {made} made so far" if total == "endless" else f"draft {number} of {total}"
        prompt, profile = request.prompt, request.profile
        yield RenderDraft(
            path=file.path,
            prompt=prompt,
            request=request.digest,
            ordinal=ordinal,
            recipe=draw(prompt, profile, ordinal, owner.salt, owner.words),
            template=template(prompt, profile),
            profile_name=request.profile_name,
            endless=total == "endless",
            beside=file.beside,
            why=why,
            encoding=profile.draft.encoding,
        )


def _missing(file: PromptFile, history: History) -> Iterator[tuple[Request, int]]:
    """The counted drafts of a file that were never made, its prompts in turn."""
    return _in_turn([_ordinals(request, history) for request in _by_turn(file, history)])


def _ordinals(request: Request, history: History) -> Iterator[tuple[Request, int]]:
    made, begun = history.made("draft", request.digest), history.begun("draft", request.digest)
    base = history.base(request.digest)
    wanted = range(base, base) if request.count == "endless" else range(base, base + request.count)
    return ((request, o) for o in wanted if o not in made and o not in begun)


def _next_endless(file: PromptFile, history: History) -> tuple[Request, int]:
    request = next(filter(_is_endless, _by_turn(file, history)))
    digest = request.digest
    return request, max(history.base(digest), history.next_ordinal(digest))


def _by_turn(file: PromptFile, history: History) -> list[Request]:
    return sorted(file.requests, key=lambda request: history.last_turn("draft", [request.digest]))


def _in_turn(queues: Sequence[Iterator[T]]) -> Iterator[T]:
    """One of each queue, then the next of each, until all are empty."""
    waiting = list(queues)
    while waiting:
        for queue in tuple(waiting):
            try:
                yield next(queue)
            except StopIteration:
                waiting.remove(queue)


def _first_of_each(files: Sequence[PromptFile]) -> list[PromptFile]:
    """Files that ask for something of their own: an equal copy waits until the first is done."""
    taken: set[str] = set()
    first = []
    for file in sorted(files, key=lambda file: file.arrived):
        if taken.isdisjoint(_digests(file)):
            first.append(file)
        taken.update(_digests(file))
    return first


def _through(file: PromptFile, history: History) -> dict[str, int]:
    """For each prompt of a finished file, the first ordinal that a later request may use."""
    # An earlier count may have been larger: what was made for it is not wanted by a later request.
    return {digest: history.next_ordinal(digest) for digest in _digests(file)}


def _digests(file: PromptFile) -> tuple[str, ...]:
    return tuple(request.digest for request in file.requests)


def _has_begun(file: PromptFile, history: History) -> bool:
    return any(history.begun("draft", digest) for digest in _digests(file))


def _is_endless(request: Request) -> bool:
    return request.count == "endless"
