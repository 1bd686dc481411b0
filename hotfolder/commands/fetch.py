"""`hotfolder fetch`: bring the models of profiles here, before somebody waits for a picture."""

from __future__ import annotations

import threading
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder.errors import (
    EXIT_DONE,
    EXIT_SOME_FAILED,
    HotfolderError,
    StudioMissingError,
    mistake,
)
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model, at_other_revision
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.config import load
from hotfolder.workshop import models_of

if TYPE_CHECKING:
    from rich.console import Console

    from hotfolder.render.models.hub import Source


def run(options: Namespace) -> int:
    """Fetch the models of the named profiles, or of all; returns the exit code."""
    from hotfolder.render.models import weights

    if bool(options.profiles) == options.all:
        raise mistake("name the profiles whose models to fetch, or say --all")
    base: Path | None = None
    try:
        studio = layout.find(options.studio)
        config, base = load.read_config(studio), studio.root
    except StudioMissingError:
        config = load.nobody()
    screen, failed = console(), False
    for name in options.profiles or sorted(config.profiles):
        try:
            lacking = weights.lacking(_model(name, config), base)
            for source in lacking:
                _fetch(name, source, screen)
            if not lacking:
                screen.print(f"{name}: its model is here")
        except HotfolderError as error:
            screen.print(f"{name}: {error}")
            failed = True
    if failed:
        screen.print("What has arrived is kept: give the same command to go on from there.")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _model(name: str, config: Config) -> Model:
    """The model of a profile, or the one of this name, as pictures carry it: `MODEL@REVISION`.

    Raises ProfileMissingError and MistakesError.
    """
    if name not in config.profiles:
        models = models_of(config)
        if model := models.get(name) or at_other_revision(name, models):
            return model
    return config.profile(name).model


def _fetch(name: str, source: Source, screen: Console) -> None:
    """Fetch one thing, with its size and licence said before and its progress meanwhile.

    In a thread of its own: a library that looks up a name listens to no Ctrl-C.
    """
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from hotfolder.render.models import download, hub

    screen.print(f"{name}: {source} into {hub.cache()}")
    screen.print(f"  description and licence: https://huggingface.co/{source.repository}")
    stopped, raised = threading.Event(), list[Exception]()
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        bar = progress.add_task(str(source), total=None)

        def began(total: int, here: int) -> None:
            left = f", {(total - here) / 1e9:.1f} of them still to come" if here else ""
            screen.print(f"  {total / 1e9:.1f} GB{left}")
            progress.update(bar, total=total, completed=here)

        def work() -> None:
            try:
                on_bytes = lambda count: progress.advance(bar, count)  # noqa: E731
                download.fetch(source, began, on_bytes, stopped.is_set)
            except Exception as error:
                raised.append(error)

        thread = threading.Thread(target=work, name="download", daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.2)
        finally:
            stopped.set()
    if raised:
        raise raised[0]
    screen.print("  is here now")
