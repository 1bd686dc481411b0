"""`hotfolder tune`: a LoRA from what its owner picked and rejected."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections.abc import Iterator

import psutil

from hotfolder.endings import asked
from hotfolder.errors import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    HotfolderError,
    Stopped,
    brief,
    printable,
)
from hotfolder.recipes.model import model_name
from hotfolder.report.learning import Learning
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import tuned
from hotfolder.tuning import chosen, gathering, result
from hotfolder.tuning.gathering import Gathered

_LONGEST = 60  # characters of a caption


def run(options: Namespace) -> int:
    """Learn, or say of what; returns the exit code."""
    studio = layout.find(options.studio)
    survey = Survey(studio)
    survey.look()
    name = result.untuned(options.profile or survey.config.settings.profile)
    profile = survey.config.profile(name)
    place = tuned.place(studio, name)
    if options.anew and not options.dry_run:
        shutil.rmtree(place, ignore_errors=True)
    goes_on = (place / "begun.json").exists() and not options.dry_run
    model = model_name(profile.model)
    gathered = gathering.gather(studio, survey.scanner, model, options.since or 0.0)
    if options.dry_run:
        console().print("\n".join(_shown(name, gathered, options.seed)))
        return EXIT_DONE
    if not goes_on and (says := chosen.too_few(gathered.chosen)):
        raise HotfolderError(f"{name} is not tuned: {says}{_left_out(gathered)}")
    be_modest()
    from hotfolder.tuning import session

    task = session.Task(studio, survey.config, name, options.seed, options.steps)
    with Learning() as told:
        try:
            with asked(task.stop):
                made = session.run(task, place, gathered, told)
        except Stopped:
            told.say("Stopped. What was learned so far is kept; give the same command to go on.")
            return EXIT_INTERRUPTED
    if options.use:
        tuned.use(studio, made)
        console().print(f'{layout.SETTINGS_FILE} now says:  profile = "{made}"')
    else:
        console().print(
            f'To draw with it:  profile = "{made}"  in {layout.SETTINGS_FILE} or a prompt file'
        )
    return EXIT_DONE


def _shown(name: str, gathered: Gathered, seed: int) -> Iterator[str]:
    """What would be learned from, for `--dry-run`."""
    for title, liked in (("Liked", True), ("Not liked", False)):
        some = [e for e in gathered.chosen if e.liked == liked]
        if some:
            yield f"{title}:"
        for example in some:
            sides = "" if example.turns else "  (mentions sides: neither mirrored nor cropped)"
            path = printable(gathered.paths[example.picture])
            yield f"  {path}  {brief(example.prompt, _LONGEST)}{sides}"
    held = chosen.split(gathered.chosen, seed).held_out
    likes = sum(example.liked for example in gathered.chosen)
    yield (
        f"{likes} likes and {len(gathered.chosen) - likes} dislikes of {name}; {len(held)} of "
        "them, of other prompts than the rest, are held out to see when to stop."
    )
    if left := _left_out(gathered):
        yield left.removeprefix(". ") + "."
    if says := chosen.too_few(gathered.chosen):
        yield f"Not enough yet: {says}."


def _left_out(gathered: Gathered) -> str:
    """A sentence on the judged pictures that nothing is learned from."""
    if not gathered.left_out:
        return ""
    listed = ", ".join(f"{count:,} {why}" for why, count in gathered.left_out.most_common())
    return f". Of your other judgements nothing is learned: {listed}"


def be_modest() -> None:
    """Let every other program of the computer go first."""
    process = psutil.Process()
    try:
        process.nice(psutil.IDLE_PRIORITY_CLASS if psutil.WINDOWS else 19)
    except (psutil.Error, OSError):
        return  # it works without
