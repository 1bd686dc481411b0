"""`hotfolder models`: which models are on this computer, how large, and which profiles use them."""

from __future__ import annotations

from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hotfolder.errors import EXIT_DONE, MistakesError, StudioMissingError
from hotfolder.recipes.config import Config
from hotfolder.recipes.model import Model
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.config import load


def run(options: Namespace) -> int:
    """Print the table, or remove what broken-off downloads left."""
    from hotfolder.render.models import hub

    screen = console()
    if options.clear:
        freed = hub.clear_partial()
        screen.print(f"{freed / 1e9:.1f} GB of unfinished downloads removed")
        return EXIT_DONE
    base: Path | None = None
    try:
        studio = layout.find(options.studio)
        config, base = load.read_config(studio), studio.root
    except StudioMissingError:
        config = load.nobody()
    users = _users(config, base)
    for name, here, where, held in _rows(users, base):
        screen.print(f"{name}\n    {here}, used by {', '.join(held) or 'no profile'}\n    {where}")
    if partial := hub.partial_bytes():
        screen.print(
            f"\nDownloads that broke off hold {partial / 1e9:.1f} GB. They go on when they are "
            "wanted again; `hotfolder models --clear` removes them."
        )
    return EXIT_DONE


def _users(config: Config, base: Path | None) -> dict[str, list[str]]:
    """The profiles that use each model, by what their `model.source` says."""
    users: dict[str, list[str]] = defaultdict(list)
    for name in sorted(config.profiles):
        with suppress(MistakesError):
            users[config.profile(name).model.source].append(name)
    return users


def _rows(
    users: dict[str, list[str]], base: Path | None
) -> Iterator[tuple[str, str, str, list[str]]]:
    """Each model's name, size, place and profiles: those that profiles name come first."""
    from hotfolder.render.models import hub, weights

    repositories = hub.repositories()
    for source, held in sorted(users.items()):
        repository = "/".join(source.removeprefix("hub:").split("/")[:2])
        if source.startswith("shipped:"):
            path = weights.locate(Model(source), base)
            yield source, _size(_bytes(path)), "included with hotfolder", held
        elif repository in repositories and source.startswith(("hub:", repository)):
            path, count = repositories.pop(repository)
            yield source, _size(count), str(path), held
        elif (path := (base or Path()) / Path(source).expanduser()).exists():
            yield source, _size(_bytes(path)), str(path), held
        else:
            yield source, "not here", "`hotfolder fetch` downloads it", held
    for repository, (path, count) in sorted(repositories.items()):
        yield repository, _size(count), str(path), []


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
