"""A studio's state: what lies where, what is to be made, what waits and why."""

from __future__ import annotations

from itertools import takewhile
from pathlib import PurePosixPath
from typing import Literal

from msgspec import Struct

from hotfolder.errors import HotfolderError, printable
from hotfolder.history import History
from hotfolder.images.metadata import suffixes as picture_suffixes
from hotfolder.jobs import Job, Locate, RenderDraft, RenderFinal
from hotfolder.plan import drafts_wanted, plan
from hotfolder.recipes.settings import Settings, Taste
from hotfolder.services.definition import Service
from hotfolder.services.managers import installed
from hotfolder.snapshot import PromptFile, Snapshot
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan import failed
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import local, status_file
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.lock import is_held
from hotfolder.studio.store.status_file import StatusFile
from hotfolder.taste.advice import Advice
from hotfolder.taste.judge import LEAST


class Progress(Struct, frozen=True):
    """How many drafts of a prompt file are made, and how many it asks for in all."""

    made: int
    wanted: int | Literal["endless"]


class Status(Struct, frozen=True, kw_only=True):
    """What `hotfolder status` says of a studio; `--json` has the same keys, and `taste`.

    `running` says whether a daemon works on it now, `pause` why that one can do nothing at all
    (empty: it can). `files` maps prompt files to their progress. `drafts_wanted` and
    `finals_wanted` count pictures that are still to be made, without those of endless files;
    `drafts_made` and `finals_made` all that were ever made, `drafts_passed_over` those that were
    given up early and not made since. `waiting`, `broken` and `failed` (what lies in
    `inbox/failed/`) map paths, relative to the studio, to sentences, and `notes` those of files of
    which not all is used; `held_back` are sentences on what is not done for now, `steering` one on
    how taste decides what is drawn, if it does. `log` is a path, `started_by` names what starts the
    daemon by itself. All texts can be printed as they are.
    """

    studio: str
    running: bool
    pause: str
    prompt_files: int
    endless_files: int
    files: dict[str, Progress]
    drafts_wanted: int
    drafts_lying: int
    drafts_made: int
    drafts_passed_over: int
    seeds: int
    finals_wanted: int
    finals_lying: int
    finals_made: int
    held_back: tuple[str, ...]
    steering: str
    waiting: dict[str, str]
    broken: dict[str, str]
    notes: dict[str, tuple[str, ...]]
    failed: dict[str, str]
    log: str
    started_by: tuple[str, ...]


def status(studio: Studio) -> Status:
    """The state of a studio now. Reads files; changes nothing."""
    survey = Survey(studio)
    snapshot = survey.look()
    history = Ledger(studio).history
    jobs = plan(snapshot, history, survey.config)
    finals = takewhile(lambda job: not isinstance(job, RenderDraft), jobs)
    totals = history.totals()
    running = is_held(studio.root)
    posted = status_file.read(studio.root) if running else StatusFile()
    broken = {printable(f.path): f.says for f in (*snapshot.broken, *snapshot.useless_seeds)}
    waiting = {printable(path): says for path, says in snapshot.waiting.items()} | posted.waits
    return Status(
        studio=printable(str(studio.root)),
        running=running,
        pause=posted.pause,
        prompt_files=len(snapshot.prompt_files),
        endless_files=sum(map(_is_endless, snapshot.prompt_files)),
        files={printable(f.path): _progress(f, history) for f in snapshot.prompt_files},
        drafts_wanted=drafts_wanted(snapshot, history),
        drafts_lying=snapshot.unseen_drafts,
        drafts_made=totals["draft"],
        drafts_passed_over=history.left_undone,
        seeds=len(snapshot.seeds),
        finals_wanted=sum(_finals(job) for job in finals),
        finals_lying=sum(_is_picture(path) for path in beneath.files(studio.root, "final")),
        finals_made=totals["final"],
        held_back=(
            *survey.config.notes,
            *held_back(snapshot, survey.config.settings),
            *_unnoticed(posted),
        ),
        steering=steering(snapshot.advice, survey.config.settings.taste),
        waiting={path: says for path, says in waiting.items() if path not in broken},
        broken=broken,
        notes={printable(path): notes for path, notes in survey.notes.items() if notes},
        failed=failed.reasons(studio),
        log=printable(str(local.log(studio.root))),
        started_by=_started_by(studio),
    )


def _progress(file: PromptFile, history: History) -> Progress:
    """Drafts that were made for an earlier file of the same prompts do not count."""
    made = wanted = 0
    for request in file.requests:
        base, done = history.base(request.digest), history.made("draft", request.digest)
        if request.count == "endless":
            made += sum(ordinal >= base for ordinal in done)
        else:
            made += sum(ordinal in done for ordinal in range(base, base + request.count))
            wanted += request.count
    return Progress(made, "endless" if _is_endless(file) else wanted)


def _is_endless(file: PromptFile) -> bool:
    return any(request.count == "endless" for request in file.requests)


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in picture_suffixes()


def many(number: int, what: str) -> str:
    """A number of things in words: `1 picture`, `1,200 pictures`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def held_back(snapshot: Snapshot, settings: Settings) -> list[str]:
    """Sentences on what a full disk or a limit keeps from being made for now."""
    found = []
    if snapshot.disk_is_low:
        found.append(f"everything: the disk has less than {settings.keep_free_gb:g} GB free")
    if snapshot.paused:
        found.append(f"everything: {snapshot.paused} lies there; take it away to go on")
    waits = any(map(_is_endless, snapshot.prompt_files))
    if waits and snapshot.unseen_drafts >= settings.pause_endless_at:
        found.append(
            f"drafts without end: {many(snapshot.unseen_drafts, 'picture')} lie in drafts/; look "
            "through them, or raise pause_endless_at in hotfolder.toml"
        )
    return found


def steering(advice: Advice, taste: Taste) -> str:
    """A sentence on how endless drafts are steered; empty where nobody wants that."""
    if not taste.hold_back:
        return ""
    if advice.odds is None:
        return f"not yet: hold_back begins with {LEAST} judgements"
    count = many(advice.odds.count, "judgement")
    return f"endless drafts by {count}, {taste.usual:.0%} of them as ever (hold_back)"


def _unnoticed(posted: StatusFile) -> list[str]:
    if not posted.blind:
        return []
    return [f"notices of changes: {posted.blind}; new files are seen a little later"]


def _started_by(studio: Studio) -> tuple[str, ...]:
    """What starts hotfolder on this studio by itself, as far as that can be found out."""
    try:
        return tuple(installed(Service.of(studio.root)))
    except HotfolderError:
        return ()


def _finals(job: Job) -> int:
    """How many finals a job is for."""
    return job.wanted if isinstance(job, Locate) else isinstance(job, RenderFinal)
