"""How things stand in a studio: what its folders hold and ask for, in numbers and sentences."""

from __future__ import annotations

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
from hotfolder.studio.scan import standing
from hotfolder.studio.scan.scanner import Scanner
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import advice_file, last_look, local
from hotfolder.studio.store.last_look import Grounds
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.status_file import Overview, Progress
from hotfolder.taste.advice import Advice
from hotfolder.taste.judge import LEAST


def look(studio: Studio) -> Overview:
    """How things stand, by a look at all files; it is kept in local state if it lasts."""
    survey = Survey(studio)
    grounds = _grounds(studio, survey.config)
    before = standing.beside(grounds)
    survey.look()
    return _kept(survey.scanner, Ledger(studio), grounds, before)


def leave(scanner: Scanner, ledger: Ledger) -> None:
    """Keep how things stand as a daemon ends, so that who asks next need not look at all files.

    It says what the daemon knows, and in which state all files were of which it knows that: what
    it has not noticed makes it void. Little is read for it, so that no stop has to wait.
    """
    if scanner.busy:
        return
    grounds = _grounds(scanner.studio, scanner.config)
    before = standing.beside(grounds)
    scanner.read_owner_again()
    if scanner.busy:
        return
    ledger.reload()
    scanner.advice = advice_file.read(scanner.studio.root)
    _kept(scanner, ledger, grounds, before)


def _kept(scanner: Scanner, ledger: Ledger, grounds: Grounds, beside: int) -> Overview:
    """How things stand by what is known; kept in local state if it lasts.

    `beside` is the state that all but the rooms was in before it was read.
    """
    snapshot, config = scanner.snapshot(), scanner.config
    found = overview(snapshot, ledger.history, config, scanner.notes)
    is_known = not ledger.has_more and grounds == _grounds(scanner.studio, config)
    if is_known and _lasts(snapshot, scanner.unreadable):
        state = standing.joined(scanner.digest, beside), snapshot.disk_is_low
        last_look.keep(scanner.studio.root, grounds, state, found)
    return found


def _lasts(snapshot: Snapshot, unreadable: Set[str]) -> bool:
    """Whether all is said by the files: no hour decides, and none may be readable another time."""
    hours = (file.only for file in snapshot.prompt_files)
    troubles = snapshot.waiting, snapshot.broken, snapshot.useless_seeds, unreadable
    return not (any(troubles) or any(hours))


def _grounds(studio: Studio, config: Config) -> Grounds:
    """What decides how things stand beside the rooms: what was made, and what the owner set."""
    kept, own = local.folder(studio.root), local.config()
    whole = [studio.ledger, own / SETTINGS_FILE, own / "profiles", shipped("profiles")]
    whole += [(studio.root / Path(name).expanduser()).resolve() for name in config.folders]
    whole += [kept / name for name in ("advice.json", "trust.json", "located")]
    whole += [kept / f"journal-{local.machine()}.jsonl"]
    alone = [studio.marker, studio.sources, studio.recipes]
    least_free = int(config.settings.keep_free_gb * 1e9)
    return Grounds(tuple(map(str, whole)), tuple(map(str, alone)), least_free)


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
        found.append(f"everything: there is a file {snapshot.paused}; remove it to go on")
    waits = any(map(_is_endless, snapshot.prompt_files))
    if waits and snapshot.unseen_drafts >= settings.pause_endless_at:
        found.append(
            f"endless drafts are paused: {many(snapshot.unseen_drafts, 'picture')} in drafts/; "
            "look through them, or raise pause_endless_at in hotfolder.toml"
        )
    return found


def steering(advice: Advice, taste: Taste) -> str:
    """A sentence on how endless drafts are steered; empty where nobody wants that."""
    if not taste.hold_back:
        return ""
    if advice.odds is None:
        return f"not yet: hold_back starts at {LEAST} judgements"
    count = many(advice.odds.count, "judgement")
    return f"endless drafts by {count}, {taste.usual:.0%} of them as usual (hold_back)"
