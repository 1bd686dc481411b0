"""What to do next, in order: snapshot + history -> jobs. Pure, and the only place that orders work.

Housekeeping comes first, since it takes no time. Then:
1. refinements, the picture that was picked first in front;
2. drafts of prompt files with a count, in turn;
3. endless drafts, in turn, held back while `drafts/` is full of pictures nobody looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from hotfolder.history import History
from hotfolder.jobs import (
    Explain,
    Finish,
    Job,
    Pick,
    PutBack,
    Reject,
    RenderDraft,
    RenderFinal,
    SetAside,
)
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import draw, template
from hotfolder.recipes.encoding import PNG
from hotfolder.recipes.prompt import parts
from hotfolder.recipes.refine import refine
from hotfolder.snapshot import PromptFile, Request, SeedImage, Snapshot

T = TypeVar("T")


def plan(snapshot: Snapshot, history: History, config: Config) -> Iterator[Job]:
    """All jobs that the snapshot calls for, the most urgent first.

    What is being made already is not planned again. An endless prompt appears once, with its next
    draft. The iterator is lazy: who wants only the first job pays only for that.
    """
    yield from (SetAside(file.path, file.says, file.beside) for file in snapshot.broken)
    yield from (Explain(file.path, file.says) for file in snapshot.useless_seeds)
    yield from _sorting(snapshot, history, config)
    files = _first_of_each(snapshot.prompt_files)
    counted = [file for file in files if next(_missing(file, history), None) is not None]
    endless = [file for file in files if any(map(_is_endless, file.requests))]
    busy = {file.path for file in (*counted, *endless)}
    finished = [f for f in files if f.path not in busy and not _has_begun(f, history)]
    yield from (Finish(file.path, _through(file, history), file.beside) for file in finished)
    if snapshot.disk_is_low:
        return
    yield from _finals(snapshot.seeds, history, config)
    queues = [(file, _missing(file, history)) for file in _queue(counted, history)]
    yield from _in_turn([_drafts(file, wanted, history, config) for file, wanted in queues])
    if snapshot.unseen_drafts + history.under_way("draft") < config.settings.pause_endless_at:
        for file in _queue(endless, history):
            yield from _drafts(file, [_next_endless(file, history)], history, config)


def following(
    job: RenderDraft, snapshot: Snapshot, history: History, config: Config
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
        yield from _drafts(file, wanted, history, config)


def drafts_wanted(snapshot: Snapshot, history: History) -> int:
    """How many counted drafts are still to be made. Cheaper than planning them."""
    files = _first_of_each(snapshot.prompt_files)
    return sum(1 for file in files for _ in _missing(file, history))


def finals_wanted(snapshot: Snapshot, history: History) -> int:
    """How many refinements are still to be made."""
    counts = {seed.key: seed.profile.refine.finals for seed in snapshot.seeds}
    made = {key: len(history.made("final", key)) for key in counts}
    return sum(max(0, count - made[key]) for key, count in counts.items())


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


def _sorting(snapshot: Snapshot, history: History, config: Config) -> Iterator[Job]:
    """What marks ask for.

    A picture that was picked once is picked by its star again only if that was set anew. So one
    that its owner put back into `drafts/` stays there, whatever it carries. A star that is taken
    back before the picture's turn undoes what it did.
    """
    settings = config.settings.stars
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


def _finals(seeds: Sequence[SeedImage], history: History, config: Config) -> Iterator[Job]:
    unfinished = [
        seed for seed in seeds if len(history.made("final", seed.key)) < seed.profile.refine.finals
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
        recipes = refine(seed.source, seed.profile, prompt, negative, encoding, config)
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
    file: PromptFile, wanted: Iterable[tuple[Request, int]], history: History, config: Config
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
            recipe=draw(prompt, profile, ordinal, config.salt, config.words, config.shelf(profile)),
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
