"""What to do next, in order: snapshot + history -> jobs. Pure, and the only place that orders work.

Housekeeping comes first, since it takes no time. Then:
1. refinements, the picture that was picked first in front;
2. drafts of prompt files with a count, in turn;
3. endless drafts, in turn, held back while `drafts/` is full of pictures nobody looked at; those
   that are likely to please are preferred, if their owner wants that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from hotfolder import refinements
from hotfolder.history import History
from hotfolder.jobs import (
    Explain,
    Finish,
    Job,
    Locate,
    Pick,
    PutBack,
    Reject,
    RenderDraft,
    RenderFinal,
    SetAside,
    TryAgain,
    drafts_words,
)
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import draw, seed_of, template, wish
from hotfolder.snapshot import PromptFile, Request, SeedImage, Snapshot
from hotfolder.taste import steering
from hotfolder.taste.odds import Odds

T = TypeVar("T")
_COMPARED = 64  # endless prompts that are compared with one another


def plan(snapshot: Snapshot, history: History, config: Config) -> Iterator[Job]:
    """All jobs that the snapshot calls for, the most urgent first.

    What is being made already is not planned again. An endless prompt appears once, with its next
    draft. The iterator is lazy: who wants only the first job pays only for that.
    """
    yield from (
        SetAside(file.path, file.says, file.beside, lacks=file.lacks) for file in snapshot.broken
    )
    yield from (TryAgain(file.path, file.beside) for file in snapshot.complete)
    yield from (Explain(file.path, file.says) for file in snapshot.useless_seeds)
    yield from (Explain(file.path, file.says, "it waits") for file in snapshot.unclear)
    yield from _sorting(snapshot, history, config)
    yield from _favourites(snapshot, history, config)
    files = _first_of_each(snapshot.prompt_files)
    counted = [file for file in files if next(_missing(file, history), None) is not None]
    endless = [file for file in files if any(map(_is_endless, file.requests))]
    busy = {file.path for file in (*counted, *endless)}
    finished = [f for f in files if f.path not in busy and not _has_begun(f, history)]
    yield from (
        Finish(file.path, _through(file, history), file.beside, file.notes) for file in finished
    )
    if snapshot.disk_is_low or snapshot.paused:
        return
    yield from _finals(snapshot.seeds, history, config)
    for files in _by_priority(counted):
        queues = [(file, _missing(file, history)) for file in _queue(files, history)]
        yield from _in_turn([_drafts(file, wanted, history, config) for file, wanted in queues])
    if snapshot.unseen_drafts + history.under_way("draft") < config.settings.pause_endless_at:
        odds = _odds(snapshot, config)
        for files in _by_priority(endless):
            for file, request in _endless_queue(files, odds, history, config):
                wanted = [(request, _next(request, history))]
                yield from _drafts(file, wanted, history, config, odds)


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
            done = history.made("draft", request.digest), history.passed_over(request.digest)
            ordinals = (o for o in itertools.count(job.ordinal) if not any(o in d for d in done))
        wanted = ((request, ordinal) for ordinal in ordinals if ordinal > job.ordinal)
        odds = _odds(snapshot, config) if _is_endless(request) else None
        drafts = _drafts(file, wanted, history, config, odds)
        yield from (draft for draft in drafts if isinstance(draft, RenderDraft))


def drafts_wanted(snapshot: Snapshot, history: History) -> int:
    """How many counted drafts are still to be made. Cheaper than planning them."""
    files = _first_of_each(snapshot.prompt_files)
    return sum(1 for file in files for _ in _missing(file, history))


def _by_priority(files: Sequence[PromptFile]) -> Iterator[list[PromptFile]]:
    """The files of each priority, the largest first."""
    for priority in sorted({file.priority for file in files}, reverse=True):
        yield [file for file in files if file.priority == priority]


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


def _favourites(snapshot: Snapshot, history: History, config: Config) -> Iterator[Pick]:
    """What goes to `seeds/` by itself: once, so that one that its owner puts back stays there."""
    copy = config.settings.stars.then == "copy"
    for one in snapshot.advice.favourites if config.settings.taste.auto_pick else ():
        if not history.was_picked(one.key):
            yield Pick(one.path, one.key, one.sidecars, copy, one.why, by_itself=True)


def _finals(seeds: Sequence[SeedImage], history: History, config: Config) -> Iterator[Job]:
    for seed in refinements.asking(seeds, history):
        begun = history.begun("final", seed.request)
        if seed.sought:
            search = refinements.search(seed, config)
            by = seed.profile.model.detector
            job = Locate(seed.path, seed.request, seed.sought, search, seed.finals, by)
            yield from () if job.ordinal in begun else (job,)
            continue
        is_done = True
        for ordinal, why, recipe in refinements.missing(seed, history, config):
            is_done = False
            if ordinal not in begun:
                yield RenderFinal(
                    path=seed.path,
                    request=seed.request,
                    ordinal=ordinal,
                    recipe=recipe,
                    profile_name=seed.profile_name,
                    record=seed.record,
                    why=why,
                    picked=history.why_picked(seed.key),
                    wanted=seed.finals,
                    encoding=seed.profile.refine.encoding,
                    original=seed.original,
                    notes=seed.notes,
                    notify=history.told(seed.record.request) if seed.record else (),
                )
        if is_done and seed.more:
            yield Finish(seed.more, {}, why="its refinements are made")


def _drafts(
    file: PromptFile,
    wanted: Iterable[tuple[Request, int]],
    history: History,
    config: Config,
    odds: Odds | None = None,
) -> Iterator[RenderDraft | SetAside]:
    for request, ordinal in wanted:
        prompt, profile = request.prompt, request.profile
        try:
            again, steered = _steered(file, request, ordinal, config, odds)
            shelf = config.shelf(profile)
            recipe = draw(prompt, profile, ordinal, config.salt, config.words, shelf, again)
        except Exception as error:  # whatever a stranger wrote, it stands alone
            says = "nothing can be drawn from it, which is a fault of hotfolder"
            yield SetAside(file.path, f"{says} ({type(error).__name__})", file.beside)
            return
        made = len(history.made("draft", request.digest))
        total = request.count
        number = ordinal - history.base(request.digest) + 1
        why = f"endless, {made} made so far" if total == "endless" else f"draft {number} of {total}"
        yield RenderDraft(
            path=file.path,
            prompt=prompt,
            request=request.digest,
            ordinal=ordinal,
            recipe=recipe,
            template=template(prompt, profile),
            profile_name=request.profile_name,
            endless=total == "endless",
            beside=file.beside,
            why=f"{why}; {steered}" if steered else why,
            steered=steered,
            encoding=profile.draft.encoding,
            notes=request.notes,
            notify=file.notify,
        )


def _missing(file: PromptFile, history: History) -> Iterator[tuple[Request, int]]:
    """The counted drafts of a file that were never made, its prompts in turn."""
    return _in_turn([_ordinals(request, history) for request in _by_turn(file, history)])


def _ordinals(request: Request, history: History) -> Iterator[tuple[Request, int]]:
    made, begun = history.made("draft", request.digest), history.begun("draft", request.digest)
    base = history.base(request.digest)
    wanted = range(base, base) if request.count == "endless" else range(base, base + request.count)
    return ((request, o) for o in wanted if o not in made and o not in begun)


def _endless_queue(
    files: Sequence[PromptFile], odds: Odds | None, history: History, config: Config
) -> Iterator[tuple[PromptFile, Request]]:
    """The next endless prompt of each file: the one whose turn it is, or that is likely to please.

    Some turns are taken as ever, so that every prompt has its share.
    """
    turn, usual = str(history.turn("draft")), config.settings.taste.usual
    if odds is None or steering.is_usual(usual, config.salt, "turn", turn):
        for file in _queue(files, history):
            yield file, next(filter(_is_endless, _by_turn(file, history)))
        return
    belief, said = steering.belief(config.salt, "turn", turn), odds

    def worth(asked: tuple[PromptFile, Request]) -> float:
        file, request = asked
        return said.of(_words(file, request, _next(request, history), config), belief)

    every = [[(file, r) for r in file.requests if _is_endless(r)] for file in files]
    compared = itertools.islice(_in_turn([iter(asked) for asked in every]), _COMPARED)
    best = {file.path: (file, request) for file, request in sorted(compared, key=worth)}
    yield from reversed(best.values())


def _next(request: Request, history: History) -> int:
    """The ordinal of the next draft of an endless prompt."""
    return max(history.base(request.digest), history.next_ordinal(request.digest))


def _odds(snapshot: Snapshot, config: Config) -> Odds | None:
    """The table by which endless drafts are steered, if they are."""
    return snapshot.advice.odds if config.settings.taste.hold_back else None


def _steered(
    file: PromptFile, request: Request, ordinal: int, config: Config, odds: Odds | None
) -> tuple[int, str]:
    """Which draw of a draft is made, from 0, and what its record says of that."""
    what = (config.salt, request.digest, str(ordinal))
    if odds is None or steering.is_usual(config.settings.taste.usual, *what):
        return 0, ""
    best = steering.likeliest(
        lambda again: _words(file, request, ordinal, config, again), odds, *what
    )
    by = f"{odds.count:,} judgements"
    return best, f"draw {best + 1} of {steering.DRAWS}, the likeliest to please by {by}"


def _words(
    file: PromptFile, request: Request, ordinal: int, config: Config, again: int = 0
) -> frozenset[str]:
    """The words of a draft's recipe, without the work of making it."""
    seed = seed_of(request.prompt, ordinal, config.salt, again)
    text, sides = wish(request.prompt, request.profile, seed, config.words)
    return drafts_words(text, sides, request.profile_name, file.path)


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
