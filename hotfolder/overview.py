"""How things stand in a studio: what its folders hold and ask for, in numbers and sentences."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Set
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from hotfolder.errors import many, printable
from hotfolder.history import History
from hotfolder.jobs import Job, Locate, RenderDraft, RenderFinal
from hotfolder.plan import drafts_wanted, plan
from hotfolder.recipes.config import Config
from hotfolder.recipes.settings import Settings, Taste
from hotfolder.shares import ALONE
from hotfolder.snapshot import PromptFile, Snapshot
from hotfolder.studio.config.load import shipped
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.scan.tree import ROOMS
from hotfolder.studio.store import last_look, local
from hotfolder.studio.store.last_look import Grounds
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.status_file import Overview, Progress
from hotfolder.taste.advice import Advice
from hotfolder.taste.judge import LEAST


def look(studio: Studio) -> Overview:
    """How things stand, by a look at all files; it is kept in local state if it lasts."""
    survey = Survey(studio)
    before = _standing(studio, survey.config)
    snapshot, history = survey.look(), Ledger(studio).history
    found = overview(snapshot, history, survey.config, survey.notes)
    lasts = _lasts(snapshot, survey.scanner.unreadable)
    if lasts and before == _standing(studio, survey.config):
        last_look.keep(studio.root, *before, found)
    return found


def _lasts(snapshot: Snapshot, unreadable: Set[str]) -> bool:
    """Whether all is said by the files: no hour decides, and none may be readable another time."""
    hours = (file.only for file in snapshot.prompt_files)
    troubles = snapshot.waiting, snapshot.broken, snapshot.useless_seeds, unreadable
    return not (any(troubles) or any(hours))


def _standing(studio: Studio, config: Config) -> tuple[Grounds, tuple[int, bool]]:
    """What decides how things stand (the studio, what the owner set, the packages in use), and
    in which state all that is.
    """
    root, kept, own = studio.root, local.folder(studio.root), local.config()
    whole = [root / room for room in (*ROOMS, SETTINGS_FILE)]
    whole += [studio.ledger, own / SETTINGS_FILE, own / "profiles", shipped("profiles")]
    whole += [(root / Path(name).expanduser()).resolve() for name in config.folders]
    whole += [kept / name for name in ("advice.json", "trust.json", "located")]
    whole += [kept / f"journal-{local.machine()}.jsonl"]
    packages = [Path(place) for place in sys.path if place.endswith("-packages")]
    alone = [studio.marker, studio.sources, studio.recipes, *packages]
    least_free = int(config.settings.keep_free_gb * 1e9)
    grounds = Grounds(tuple(map(str, whole)), tuple(map(str, alone)), least_free)
    return grounds, last_look.state(root, grounds)


def overview(
    snapshot: Snapshot, history: History, config: Config, notes: Mapping[str, tuple[str, ...]]
) -> Overview:
    """How things stand, by what is known of the folders.

    It is the same for every machine and process: what is being made is still to be made.
    """
    snapshot, history = replace(snapshot, shares=ALONE), history.without_begun()
    jobs = plan(snapshot, history, config)
    finals = takewhile(lambda job: not isinstance(job, RenderDraft), jobs)
    totals = history.totals()
    broken = {printable(f.path): f.says for f in (*snapshot.broken, *snapshot.useless_seeds)}
    waiting = {printable(path): says for path, says in snapshot.waiting.items()}
    return Overview(
        prompt_files=len(snapshot.prompt_files),
        endless_files=sum(map(_is_endless, snapshot.prompt_files)),
        files={printable(f.path): _progress(f, history) for f in snapshot.prompt_files},
        drafts_wanted=drafts_wanted(snapshot, history),
        drafts_lying=snapshot.unseen_drafts,
        drafts_made=totals["draft"],
        drafts_passed_over=history.left_undone,
        seeds=len(snapshot.seeds),
        finals_wanted=sum(map(_finals, finals)),
        finals_made=totals["final"],
        held_back=(*config.notes, *held_back(snapshot, config.settings)),
        steering=steering(snapshot.advice, config.settings.taste),
        waiting={path: says for path, says in waiting.items() if path not in broken},
        broken=broken,
        notes={printable(path): said for path, said in notes.items() if said},
    )


def _progress(file: PromptFile, history: History) -> Progress:
    """Drafts that were made for an earlier file of the same prompts do not count."""
    made = wanted = 0
    for request in file.requests:
        end = None
        if request.count != "endless":
            wanted += request.count
            end = history.base(request.digest) + request.count
        made += history.made_between("draft", request.digest, history.base(request.digest), end)
    return Progress(made, "endless" if _is_endless(file) else wanted)


def _is_endless(file: PromptFile) -> bool:
    return any(request.count == "endless" for request in file.requests)


def _finals(job: Job) -> int:
    """How many finals a job is for."""
    return job.wanted if isinstance(job, Locate) else isinstance(job, RenderFinal)


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
