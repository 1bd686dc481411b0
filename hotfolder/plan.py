"""What to do next, in order: snapshot + history -> jobs. Pure, and the only place that orders work.

Housekeeping comes first, since it takes no time. Then:
1. refinements, the picture that was picked first in front;
2. drafts of prompt files with a count, in turn;
3. pictures from elsewhere are shown to the model, so that taste knows them;
4. endless drafts, in turn, held back while `drafts/` is full of pictures nobody looked at; those
   that are likely to please are preferred, if their owner wants that.
Where several machines work on a studio, each plans what is its own; of the first two kinds it asks
for more when there is nothing left of that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import astuple

from hotfolder import refinements, turns
from hotfolder.history import History
from hotfolder.jobs import (
    Ask,
    Encode,
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
    claim_of,
    drafts_words,
)
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import draw, seed_of, taken_for, template, wish
from hotfolder.recipes.refine import Wish, wished
from hotfolder.recipes.region import part
from hotfolder.recipes.settings import Stars
from hotfolder.shares import Shares, Whose, claim
from hotfolder.snapshot import PromptFile, Request, SeedImage, Snapshot, Starred
from hotfolder.taste import steering
from hotfolder.taste.odds import Odds

_COMPARED = 64  # endless prompts that are compared with one another
_SAID = 2000  # characters that a picture from elsewhere may say of itself
_SOUGHT = 1000  # ordinals of an endless prompt among which one is this machine's, if it takes any


def plan(snapshot: Snapshot, history: History, config: Config) -> Iterator[Job]:
    """All jobs that the snapshot calls for, the most urgent first.

    What is being made already is not planned again. An endless prompt appears once, with its next
    draft. The iterator is lazy: who wants only the first job pays only for that.
    """
    shares = snapshot.shares
    yield from (job for job in _paperwork(snapshot) if shares.tends(job.path))
    yield from _sorting(snapshot, history, config)
    yield from _favourites(snapshot, history, config)
    files = turns.first_of_each(snapshot.prompt_files)
    counted = [file for file in files if any(_lacks(request, history) for request in file.requests)]
    endless = [file for file in files if any(map(_is_endless, file.requests))]
    busy = {file.path for file in (*counted, *endless)}
    finished = [f for f in files if f.path not in busy and not _has_begun(f, history)]
    yield from (
        Finish(file.path, _through(file, history), file.beside, file.notes)
        for file in finished
        if shares.tends(file.path)
    )
    if snapshot.disk_is_low or snapshot.paused:
        return
    yield from _finals(snapshot.seeds, history, config, shares)
    for files in turns.by_priority(counted):
        yield from _counted(files, history, config, shares)
    yield from _shown(snapshot, history, config)
    if snapshot.unseen_drafts + history.under_way("draft") < config.settings.pause_endless_at:
        odds = _odds(snapshot, config)
        for files in turns.by_priority(endless):
            for file, request in _endless_queue(files, odds, history, config):
                ordinals = ((request, o) for o in itertools.count(_next(request, history)))
                wanted = _of("ours", itertools.islice(ordinals, _SOUGHT), shares)
                yield from _drafts(file, itertools.islice(wanted, 1), history, config, odds)


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
        later = ((request, ordinal) for ordinal in ordinals if ordinal > job.ordinal)
        wanted = _of("ours", later, snapshot.shares)
        odds = _odds(snapshot, config) if _is_endless(request) else None
        drafts = _drafts(file, wanted, history, config, odds)
        yield from (draft for draft in drafts if isinstance(draft, RenderDraft))


def drafts_wanted(snapshot: Snapshot, history: History) -> int:
    """How many counted drafts are still to be made. Cheaper than planning them."""
    files = turns.first_of_each(snapshot.prompt_files)
    return sum(1 for file in files for _ in _missing(file, history))


def _paperwork(snapshot: Snapshot) -> Iterator[SetAside | TryAgain | Explain]:
    """Files to be moved aside or back, and sentences to be put beside some."""
    for file in snapshot.broken:
        yield SetAside(file.path, file.says, file.beside, lacks=file.lacks)
    yield from (TryAgain(file.path, file.beside) for file in snapshot.complete)
    yield from (Explain(file.path, file.says) for file in snapshot.useless_seeds)
    yield from (Explain(file.path, file.says, "it waits") for file in snapshot.unclear)


def _shown(snapshot: Snapshot, history: History, config: Config) -> Iterator[Encode]:
    """The pictures that came from elsewhere; each is taken for a draft of the default profile."""
    for one in snapshot.newcomers:
        if snapshot.shares.tends(one.path) and not history.begun("draft", one.key):
            recipe = taken_for(one.source, one.prompt[:_SAID], config.profile(None))
            yield Encode(one.path, one.key, recipe, one.ours)


def _counted(
    files: Sequence[PromptFile], history: History, config: Config, shares: Shares
) -> Iterator[Job]:
    """The counted drafts of files of one priority, in turn."""
    for turn in shares.turns:
        theirs: list[str] = []
        queues = [
            (f, _of(turn, _missing(f, history), shares, theirs))
            for f in turns.of_files(files, history)
        ]
        yield from turns.alternate(
            [_drafts(file, wanted, history, config) for file, wanted in queues]
        )
    yield from _asking(shares, theirs)


def _of(
    turn: Whose,
    wanted: Iterable[tuple[Request, int]],
    shares: Shares,
    theirs: list[str] | None = None,
) -> Iterator[tuple[Request, int]]:
    """Those drafts that are of this `turn`; what others have yet to begin is noted in `theirs`."""
    for request, ordinal in wanted:
        named = claim("draft", request.digest, ordinal)
        whose = shares.whose(named, "draft", request.profile_name)
        if whose == turn:
            yield request, ordinal
        elif whose == "to ask for" and theirs is not None:
            theirs.append(named)


def _asking(shares: Shares, theirs: Sequence[str]) -> Iterator[Ask]:
    if claims := shares.to_ask(theirs):
        yield Ask(claims)


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
        if history.was_picked(seed.key) and not copy and not _was_refined(seed, history, settings):
            yield PutBack(seed.path, seed.sidecars)
    if settings.rejected == "move":
        yield from (Reject(draft.path, draft.sidecars) for draft in snapshot.rejected)


def _was_refined(seed: Starred, history: History, stars: Stars) -> bool:
    """Whether a star has led to a final, or to a part that was drawn anew."""
    said = (part(line) for line in astuple(stars.parts) if line)
    retouches = ((Wish(None, prompt, word),) for word, prompt in said)
    return any(history.made("final", wished(seed.key, wishes)) for wishes in ((), *retouches))


def _favourites(snapshot: Snapshot, history: History, config: Config) -> Iterator[Pick]:
    """What goes to `seeds/` by itself: once, so that one that its owner puts back stays there."""
    copy = config.settings.stars.then == "copy"
    wanted = config.settings.taste.auto_pick and snapshot.shares.tends("drafts")
    for one in snapshot.advice.favourites if wanted else ():
        if not history.was_picked(one.key):
            yield Pick(one.path, one.key, one.sidecars, copy, one.why, by_itself=True)


def _finals(
    seeds: Sequence[SeedImage], history: History, config: Config, shares: Shares
) -> Iterator[Job]:
    asking = refinements.asking(seeds, history)
    for turn in shares.turns:
        theirs: list[str] = []
        for seed in asking:
            yield from _finals_of(seed, turn, history, config, shares, theirs)
    yield from _asking(shares, theirs)


def _finals_of(
    seed: SeedImage,
    turn: Whose,
    history: History,
    config: Config,
    shares: Shares,
    theirs: list[str],
) -> Iterator[Job]:
    begun = history.begun("final", seed.request)
    if seed.sought:
        search = refinements.search(seed, config)
        by = seed.profile.model.detector
        job = Locate(seed.path, seed.request, seed.sought, search, seed.finals, by)
        whose = shares.whose(claim_of(job), "final", seed.profile_name)
        yield from (job,) if whose == turn and job.ordinal not in begun else ()
        return
    is_done = True
    for ordinal, why, recipe in refinements.missing(seed, history, config):
        is_done = False
        if ordinal in begun:
            continue
        named = claim("final", seed.request, ordinal)
        whose = shares.whose(named, "final", seed.profile_name)
        if whose == "to ask for":
            theirs.append(named)
        if whose == turn:
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
    if is_done and seed.more and turn == "ours" and shares.tends(seed.more):
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
            says = "nothing can be drawn from it, which is a bug in hotfolder"
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
    return turns.alternate(
        [_ordinals(request, history) for request in turns.of_prompts(file, history)]
    )


def _lacks(request: Request, history: History) -> bool:
    """Whether a counted draft of a prompt was never made."""
    return next(_ordinals(request, history), None) is not None


def _ordinals(request: Request, history: History) -> Iterator[tuple[Request, int]]:
    if request.count == "endless":
        return iter(())
    made, begun = history.made("draft", request.digest), history.begun("draft", request.digest)
    base = history.base(request.digest)
    wanted = range(max(base, made.gap), base + request.count)
    return ((request, o) for o in wanted if o not in made and o not in begun)


def _endless_queue(
    files: Sequence[PromptFile], odds: Odds | None, history: History, config: Config
) -> Iterator[tuple[PromptFile, Request]]:
    """The next endless prompt of each file: the one whose turn it is, or that is likely to please.

    Some turns are taken as ever, so that every prompt has its share.
    """
    turn, usual = str(history.turn("draft")), config.settings.taste.usual
    if odds is None or steering.is_usual(usual, config.salt, "turn", turn):
        for file in turns.of_files(files, history):
            yield file, next(filter(_is_endless, turns.of_prompts(file, history)))
        return
    belief, said = steering.belief(config.salt, "turn", turn), odds

    def worth(asked: tuple[PromptFile, Request]) -> float:
        file, request = asked
        return said.of(_words(file, request, _next(request, history), config), belief)

    every = [[(file, r) for r in file.requests if _is_endless(r)] for file in files]
    compared = itertools.islice(turns.alternate([iter(asked) for asked in every]), _COMPARED)
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


def _through(file: PromptFile, history: History) -> dict[str, int]:
    """For each prompt of a finished file, the first ordinal that a later request may use."""
    # An earlier count may have been larger: what was made for it is not wanted by a later request.
    return {digest: history.next_ordinal(digest) for digest in turns.digests(file)}


def _has_begun(file: PromptFile, history: History) -> bool:
    return any(history.begun("draft", digest) for digest in turns.digests(file))


def _is_endless(request: Request) -> bool:
    return request.count == "endless"
