"""`hotfolder check`: every mistake in settings, profiles, wildcards and waiting prompt files."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import json

from hotfolder import notify
from hotfolder.errors import (
    EXIT_DONE,
    EXIT_SOME_FAILED,
    Mistake,
    MistakesError,
    RenderError,
    did_you_mean,
    printable,
)
from hotfolder.explanations import more
from hotfolder.recipes.config import Config
from hotfolder.recipes.draw import template
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt_syntax.read import read
from hotfolder.render.memory import fit
from hotfolder.render.models import validate
from hotfolder.render.prompt import plain_words, token_limits
from hotfolder.report.terminal import console
from hotfolder.snapshot import Snapshot
from hotfolder.studio import layout
from hotfolder.studio.config.load import examine
from hotfolder.studio.scan import failed
from hotfolder.studio.scan.survey import Survey

if TYPE_CHECKING:
    from hotfolder.render.memory.memory_plan import Budget


def run(options: Namespace) -> int:
    """Print every mistake; any that keeps work from being done ends the command as an error."""
    with _unlogged():
        return _check(layout.find(options.studio))


@contextmanager
def _unlogged() -> Iterator[None]:
    """Nothing is logged meanwhile: all of it is printed."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _check(studio: layout.Studio) -> int:
    config, fatal = examine(studio)
    survey = Survey(studio, config)
    snapshot = survey.look()
    screen = console()
    wrongs = [*fatal, *config.mistakes, *validate.troubles(_profiles(config), studio.root)]
    wrongs += _obstacles(config, snapshot, studio)
    targets = notify.mistakes(config.settings.notify)
    wrongs += [Mistake(f"{layout.SETTINGS_FILE}, notify.to", says) for says in targets]
    for wrong in wrongs:
        screen.print(str(wrong))
    troubles = [*snapshot.broken, *snapshot.useless_seeds]
    for file in troubles:
        screen.print(f"{printable(file.path)}:")
        for line in file.says.splitlines():
            screen.print(f"    {line}")
    for note in config.notes:
        screen.print(note)
    for path, says in snapshot.waiting.items():
        screen.print(f"{printable(path)} waits: {says}")
    for path, notes in survey.notes.items():
        for note in notes:
            screen.print(f"{printable(path)}: {note}")
    for path, note in _untold(config, snapshot):
        screen.print(f"{path}: {note}")
    for path, note in _unread(snapshot, studio):
        screen.print(f"{path}: {note}")
    aside = failed.reasons(studio)
    for line in failed.lines(aside):
        screen.print(f"set aside: {line}")
    said = [*map(str, wrongs), *(file.says for file in troubles), *failed.lines(aside)]
    if says := more("\n".join(said)):
        screen.print(says)
    if troubles or wrongs:
        return EXIT_SOME_FAILED
    screen.print("No other mistakes found." if aside else "No mistakes found.")
    return EXIT_DONE


def _obstacles(config: Config, snapshot: Snapshot, studio: layout.Studio) -> Iterator[Mistake]:
    """What keeps the default profile, or one that prompts ask for, from being rendered here."""
    wanted: dict[bytes, tuple[str, Profile]] = {}
    with suppress(MistakesError):
        own = config.profile(None)
        wanted[json.encode(own)] = f"profiles/{config.settings.profile}.toml", own
    for file in snapshot.prompt_files:
        for request in file.requests:
            asked = printable(file.path), request.profile
            wanted.setdefault(json.encode(request.profile), asked)

    def here(dtype: str) -> tuple[str, Budget]:
        from hotfolder.render import environment
        from hotfolder.render.memory import devices

        device = devices.first(config.settings.devices)
        return environment.word(environment.dtype(dtype, device)), devices.budget(device)

    for where, profile in wanted.values():
        for wrong in fit.obstacles(profile, studio.root, here):
            yield Mistake(f"{where}, {wrong.where}", wrong.says)


def _untold(config: Config, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """(path, sentence) for each file whose folder names somebody whom nobody knows here."""
    known = config.settings.notify.named
    for file in snapshot.prompt_files:
        for name in file.notify:
            if name not in known:
                who = f"there is no {printable(name)!r} in [notify.named] in your settings"
                yield (
                    printable(file.path),
                    f"its folder's notify: {who}; {did_you_mean(name, known)}",
                )


def _unread(snapshot: Snapshot, studio: layout.Studio) -> Iterator[tuple[str, str]]:
    """(path, sentence) for each prompt of which its model does not read all, or not all signs."""
    for file in snapshot.prompt_files:
        for request in file.requests:
            with suppress(RenderError):  # what is wrong with the model is told already
                text = template(request.prompt, request.profile)
                profile, negative = request.profile, request.prompt.negative
                said = read(text, negative or profile.negative, profile.steps, profile.emphasis)
                tree = None if request.prompt.plain else said.tree
                for note in (
                    token_limits.of_model(profile.model, studio.root, text),
                    plain_words.of_model(profile.model, studio.root, tree),
                ):
                    if note:
                        yield printable(file.path), note


def _profiles(config: Config) -> dict[str, Profile]:
    """The profiles that are right in themselves; what is wrong with others is told already."""
    found = {}
    for name in config.profiles:
        with suppress(MistakesError):
            found[name] = config.profile(name)
    return found
