"""`hotfolder plan`: what would be done next, in order, and why."""

from __future__ import annotations

from argparse import Namespace
from itertools import islice

from hotfolder.errors import EXIT_DONE, brief, printable
from hotfolder.jobs import Job, Locate, RenderDraft, RenderFinal
from hotfolder.overview import held_back
from hotfolder.plan import plan
from hotfolder.refinements import by_other_settings
from hotfolder.report import links
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.scan import failed
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store.ledger import Ledger

_MOST = 50
_PROMPT = 80


def run(options: Namespace) -> int:
    """Print the first jobs of the plan; changes nothing."""
    studio = layout.find(options.studio)
    survey = Survey(studio)
    snapshot = survey.look()
    history = Ledger(studio).history
    jobs = plan(snapshot, history, survey.config)
    screen = console()
    shown = list(islice(jobs, _MOST))
    said: list[str] = []
    for number, job in enumerate(shown, 1):
        screen.print(f"{number:3}. {_what(job)}: {job.why}")
        chain = list(links.in_words(job.recipe)) if isinstance(job, RenderFinal) else []
        if chain and chain == said:
            screen.print("     - same as the one before")
        else:
            for at, link in enumerate(chain, 1):
                screen.print(f"     {at}) {link}")
        said = chain
    if next(jobs, None) is not None:
        screen.print("     and more")
    for path, says in snapshot.waiting.items():
        screen.print(f"  -  {printable(path)} waits: {says}")
    held = held_back(snapshot, survey.config.settings)
    for says in held:
        screen.print(f"  -  held back: {says}")
    if others := by_other_settings(snapshot, history, survey.config):
        picks = "1 pick was" if len(others) == 1 else f"{len(others):,} picks were"
        screen.print(
            f"  -  {picks} refined with other settings than the current ones; `hotfolder refine "
            "--again` refines them again"
        )
    for line in failed.lines(failed.reasons(studio)):
        screen.print(f"  -  set aside: {line}")
    if not shown and not held:
        screen.print("Nothing to do. Put a prompt file into inbox/.")
    return EXIT_DONE


def _what(job: Job) -> str:
    path = printable(job.path)
    if isinstance(job, RenderFinal):
        verb = "retouch" if job.recipe.region else "refine"
        return f"{verb} {path} at {job.recipe.width}x{job.recipe.height}"
    if isinstance(job, Locate):
        return f"look for {printable(', '.join(job.words))} in {path}"
    if isinstance(job, RenderDraft):
        prompt = brief(job.recipe.prompt, _PROMPT)
        return f'draft {job.recipe.width}x{job.recipe.height} for {path}, "{prompt}"'
    verbs = {"SetAside": "set aside", "Explain": "explain", "Pick": "pick", "Finish": "put away"}
    verbs |= {"TryAgain": "try again", "Reject": "reject", "PutBack": "put back"}
    return f"{verbs[type(job).__name__]} {path}"
