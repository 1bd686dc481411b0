"""What the owner put into a studio: settings, profiles, word lists. Read whole, checked at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotfolder.errors import Mistake, MistakesError
from hotfolder.prompts.encoding import decode
from hotfolder.recipes import schema
from hotfolder.recipes.owner import Owner
from hotfolder.recipes.settings import Settings
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.names import is_temporary

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """The folder `name` that comes along: inside the installed package, or in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def read_owner(studio: Studio) -> Owner:
    """Everything the owner decided; raises MistakesError that lists every mistake, by file."""
    mistakes: list[Mistake] = []
    owner = Owner(
        settings=_settings(studio, mistakes),
        profiles=_profiles([shipped("profiles"), studio.profiles], mistakes),
        words=_words(studio.wildcards, mistakes),
        salt=studio.salt,
    )
    for name in owner.profiles:
        _noting(mistakes, f"profiles/{name}.toml", lambda name=name: owner.profile(name))
    if owner.settings.profile not in owner.profiles:
        _noting(mistakes, SETTINGS_FILE, lambda: owner.profile(None))
    if mistakes:
        raise MistakesError(mistakes)
    return owner


def nobody() -> Owner:
    """What holds outside any studio: default settings and the profiles that come along."""
    return Owner(Settings(), _profiles([shipped("profiles")], []), {}, "")


def _settings(studio: Studio, mistakes: list[Mistake]) -> Settings:
    table = _toml(studio.settings, SETTINGS_FILE, mistakes) if studio.settings.exists() else {}
    found: list[Settings] = []
    _noting(mistakes, SETTINGS_FILE, lambda: found.append(schema.convert(table, Settings)))
    return found[0] if found else Settings()


def _profiles(folders: list[Path], mistakes: list[Mistake]) -> dict[str, Mapping[str, Any]]:
    """Profiles of the later folders take the place of those of the same name before."""
    tables = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            if not is_temporary(path.name):
                tables[path.stem] = _toml(path, f"profiles/{path.name}", mistakes)
    return tables


def _words(folder: Path, mistakes: list[Mistake]) -> dict[str, list[str]]:
    """The lines of each word list; `colours/warm` for wildcards/colours/warm.txt."""
    words = {}
    for path in sorted(folder.rglob("*.txt")):
        if is_temporary(path.name) or not path.is_file():
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        text: list[str] = []
        _noting(
            mistakes,
            f"wildcards/{name}.txt",
            lambda path=path, text=text: text.extend(decode(path.read_bytes()).splitlines()),
        )
        words[name] = [line.strip() for line in text if line.strip() and line.lstrip()[0] != "#"]
    return words


def _toml(path: Path, shown: str, mistakes: list[Mistake]) -> Mapping[str, Any]:
    table: dict[str, Any] = {}
    try:
        table = tomllib.loads(decode(path.read_bytes()))
    except (tomllib.TOMLDecodeError, OSError) as error:
        mistakes.append(Mistake(shown, f"this is not valid TOML: {error}"))
    except MistakesError as error:
        mistakes.append(Mistake(shown, str(error)))
    return table


def _noting(mistakes: list[Mistake], shown: str, check: Any) -> None:
    """Run a check and keep its mistakes, with the file they are in."""
    try:
        check()
    except MistakesError as error:
        mistakes.extend(
            Mistake(f"{shown}, {m.where}" if m.where else shown, m.says) for m in error.mistakes
        )
