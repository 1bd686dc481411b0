"""What the owner put into a studio: settings, profiles, word lists. Read whole, checked at once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hotfolder import bounded_toml, shelves
from hotfolder.errors import Mistake, MistakesError, PictureError, did_you_mean, reason, refusal
from hotfolder.prompts.text_encoding import MAX_BYTES, decode
from hotfolder.recipes import library, schema
from hotfolder.recipes.config import Config
from hotfolder.recipes.profile import refused
from hotfolder.recipes.settings import Parts, Settings
from hotfolder.stars import detectors
from hotfolder.studio import beneath
from hotfolder.studio.config import restrict, word_lists
from hotfolder.studio.layout import SETTINGS_FILE, Studio
from hotfolder.studio.names import is_temporary
from hotfolder.studio.store import local, trust

_OWNERS = "your own hotfolder.toml"
_OF_ONE_MACHINE = ("together", "executor")  # a studio cannot decide these: it is on many machines
_MOST_FILES = 1000  # of profiles, and of word lists
_MOST_WORDS = 32_000_000  # characters of all word lists
_NO_UPSCALERS = "list its folder in hotfolder.toml, as in: upscalers = ['D:/upscalers']"
_PACKAGE = Path(__file__).resolve().parents[2]


def shipped(name: str) -> Path:
    """The folder `name` that is included: inside the installed package, or in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def read_config(studio: Studio) -> Config:
    """Everything the owner decided.

    Raises MistakesError if the settings or the default profile are wrong: nothing can be done then.
    Mistakes in other profiles and in word lists are in `mistakes`, and only their users suffer.
    """
    config, fatal = examine(studio)
    if fatal:
        raise MistakesError(fatal)
    return config


def examine(studio: Studio) -> tuple[Config, tuple[Mistake, ...]]:
    """What the owner decided as far as it can be used, and the mistakes that forbid any work.

    Default settings stand in for wrong ones, so that everything else can be checked as well.
    """
    fatal: list[Mistake] = []
    mistakes: list[Mistake] = []
    remedy = f"`hotfolder trust {studio.root}` allows it"
    trusted, held, notes = trust.is_trusted(studio), list[str](), list[str]()
    settings = _settings(studio, trusted, fatal, held, notes)
    shipped_tables, owners = _shipped_profiles(), _owners_profiles(mistakes)
    tables = _profiles(studio.root, mistakes)
    if not trusted:
        tables = restrict.profiles(tables, {*shipped_tables, *owners}, remedy, held)
    if held:
        notes.append(f"not trusted on this computer, so not followed: {'; '.join(held)}; {remedy}")
    notes += [_replaced(name) for name in sorted(tables) if name in shipped_tables]
    tables = shipped_tables | tables | owners
    words = _words(studio.root, mistakes)
    salt = studio.salt
    config = Config(settings, tables, words, salt)
    folders = _folders(config, studio.root, mistakes)
    for name in tables:
        wrong, file = fatal if name == settings.profile else mistakes, f"profiles/{name}.toml"
        unread = [found for found in mistakes if found.where.partition(",")[0] == file]
        if not unread:
            _noting(wrong, file, lambda name=name: config.profile(name))
        elif wrong is fatal:
            fatal += unread
            mistakes[:] = [found for found in mistakes if found not in unread]
    if settings.profile not in tables:
        _noting(fatal, SETTINGS_FILE, lambda: config.profile(None))
    _check_stars(config, fatal)
    _check_upscalers(config, folders, mistakes)
    if photos := config.settings.photos.profile:
        _noting(fatal, f"{SETTINGS_FILE}, photos.profile", lambda: config.profile(photos))
    if fatal:
        settings = Settings()
    told = tuple(mistakes), folders, tuple(notes)
    return Config(settings, tables, words, salt, *told), tuple(fatal)


def _replaced(name: str) -> str:
    return f"profiles/{name}.toml of this studio is used instead of the included profile {name!r}"


def _folders(
    config: Config, base: Path, mistakes: list[Mistake]
) -> dict[str, tuple[library.Offer, ...]]:
    """What lies in each folder of LoRAs and embeddings that settings and profiles name."""
    wanted = [(SETTINGS_FILE, "loras", name) for name in config.settings.loras]
    wanted += [(SETTINGS_FILE, "embeddings", name) for name in config.settings.embeddings]
    wanted += [(SETTINGS_FILE, "upscalers", name) for name in config.settings.upscalers]
    for profile in config.profiles:
        with contextlib.suppress(MistakesError):  # told where profiles are checked
            model, file = config.profile(profile).model, f"profiles/{profile}.toml"
            wanted += [(file, "model.lora_folders", name) for name in model.lora_folders]
            wanted += [(file, "model.embedding_folders", name) for name in model.embedding_folders]
            wanted += [(file, "model.upscaler_folders", name) for name in model.upscaler_folders]
    found: dict[str, tuple[library.Offer, ...]] = {}
    for file, key, name in dict.fromkeys(wanted):
        try:
            if name not in found:
                found[name] = shelves.offers(base / Path(name).expanduser())
        except OSError as error:
            says = f"the folder {name} cannot be read: {reason(error)}"
            mistakes.append(Mistake(f"{file}, {key}", says))
    return found


def _check_stars(config: Config, mistakes: list[Mistake]) -> None:
    """The kinds of marks and the presets that the settings name must be there."""
    stars, known = config.settings.stars, detectors.names()
    for name in stars.ignore:
        if name not in known:
            says = f"there is no kind of mark {name!r}; {did_you_mean(name, known)}"
            mistakes.append(Mistake(f"{SETTINGS_FILE}, stars.ignore", says))
    for number in range(1, 6):
        preset = stars.preset(number)
        if preset is not None:
            where = f"{SETTINGS_FILE}, stars.presets.{number}"
            _noting(mistakes, where, lambda preset=preset: config.profile(preset))
    has_parts = stars.parts != Parts()
    if has_parts != (stars.then == "part"):
        says = (
            'it has no effect without then = "part" under [stars]'
            if has_parts
            else 'it needs a table [stars.parts] with lines such as  5 = "face: calm eyes"'
        )
        key = "stars.parts" if has_parts else "stars.then"
        mistakes.append(Mistake(f"{SETTINGS_FILE}, {key}", says))


def _check_upscalers(
    config: Config, folders: Mapping[str, tuple[library.Offer, ...]], mistakes: list[Mistake]
) -> None:
    """The upscalers that links name must lie in the owner's folders."""
    for name in config.profiles:
        with contextlib.suppress(MistakesError):  # told already
            profile = config.profile(name)
            listed = [*profile.model.upscaler_folders, *config.settings.upscalers]
            known = sorted({offer.name for folder in listed for offer in folders.get(folder, ())})
            for number, link in enumerate(profile.refine.links, 1):
                wanted = link.settings.get("upscaler") if link.step else ""
                if wanted and wanted not in known:
                    says = f"there is no upscaler {wanted!r}; "
                    says += did_you_mean(wanted, known) if known else _NO_UPSCALERS
                    where = f"profiles/{name}.toml, refine.links {number}.upscaler"
                    mistakes.append(Mistake(where, says))


def nobody() -> Config:
    """What holds outside any studio: default settings and the profiles that are included."""
    tables = _shipped_profiles() | _owners_profiles([])
    return Config(_owners_settings([]), tables, {}, "")


def owners() -> Settings:
    """The owner's own settings alone. Raises MistakesError if they are wrong."""
    mistakes: list[Mistake] = []
    found = _owners_settings(mistakes)
    if mistakes:
        raise MistakesError(mistakes)
    return found


def settings_alone(studio: Studio) -> Settings:
    """A studio's settings by themselves: its profiles and word lists may take long to read.

    Default settings stand in for wrong ones.
    """
    mistakes: list[Mistake] = []
    settings = _settings(studio, trust.is_trusted(studio), mistakes, [], [])
    return Settings() if mistakes else settings


def _settings(
    studio: Studio, trusted: bool, mistakes: list[Mistake], held: list[str], notes: list[str]
) -> Settings:
    """The studio's settings, with the owner's own laid over them."""
    table = dict(_table(studio.root, SETTINGS_FILE, mistakes))
    for key in _OF_ONE_MACHINE:
        if table.pop(key, None):
            says = f"{SETTINGS_FILE}, {key}: this works only in each computer's own settings"
            notes.append(f"{says}, which `hotfolder config` opens")
    if not trusted:
        table = restrict.settings(table, held)
    if "signing" in table:
        says = "this is for your own settings, which `hotfolder config` opens; move it there"
        mistakes.append(Mistake(f"{SETTINGS_FILE}, signing", says))
    owner = _owners_settings(mistakes)
    own = _table(local.config(), SETTINGS_FILE, [])
    laid = _with_shelves(schema.merge(table, own), own, table)
    settings = _converted(laid, SETTINGS_FILE, mistakes)
    return settings if trusted else restrict.lowered(settings, owner, held)


def _with_shelves(
    laid: dict[str, Any], owner: Mapping[str, Any], studio: Mapping[str, Any]
) -> dict[str, Any]:
    """`laid` with the folders of LoRAs and embeddings of both: one's do not hide the other's."""
    for key in ("loras", "embeddings"):
        own, others = owner.get(key), studio.get(key)
        if isinstance(own, list) and isinstance(others, list):
            laid[key] = [*own, *(one for one in others if one not in own)]
    return laid


def _owners_settings(mistakes: list[Mistake]) -> Settings:
    """What the owner decided for all studios of this machine."""
    return _converted(_table(local.config(), SETTINGS_FILE, mistakes), _OWNERS, mistakes)


def _table(root: Path, path: str, mistakes: list[Mistake]) -> Mapping[str, Any]:
    """The settings in a folder; none where there is no file."""
    if not root.is_dir() or beneath.status(root, path) is None:
        return {}
    return _toml(root, path, path, mistakes)


def _converted(table: Mapping[str, Any], shown: str, mistakes: list[Mistake]) -> Settings:
    found: list[Settings] = []
    _noting(mistakes, shown, lambda: found.append(schema.convert(table, Settings)))
    return found[0] if found else Settings()


def _owners_profiles(mistakes: list[Mistake]) -> dict[str, Mapping[str, Any]]:
    return _profiles(local.config(), mistakes) if local.config().is_dir() else {}


def _shipped_profiles() -> dict[str, Mapping[str, Any]]:
    return _profiles(shipped("profiles").parent, [])


def _profiles(root: Path, mistakes: list[Mistake]) -> dict[str, Mapping[str, Any]]:
    """The profiles in the folder `profiles` at `root`, by their names."""
    tables: dict[str, Mapping[str, Any]] = {}
    for path in _listed(root, "profiles", (".toml",), mistakes):
        if path.count("/") == 1:
            wrong: list[Mistake] = []
            table = _toml(root, path, path, wrong)
            says = "\n".join(map(str, wrong))
            tables[PurePosixPath(path).stem] = refused(says) if wrong else table
            mistakes += wrong
    return tables


def _words(root: Path, mistakes: list[Mistake]) -> dict[str, list[str]]:
    """The words of each list; `colours/warm` for wildcards/colours/warm.txt."""
    words: dict[str, list[str]] = {}
    left = _MOST_WORDS
    for path in _listed(root, "wildcards", word_lists.SUFFIXES, mistakes):
        text = _text(root, path, path, mistakes)
        left -= len(text)
        if left < 0:
            says = f"all word lists together have more than {_MOST_WORDS:,} characters"
            mistakes.append(Mistake(path, f"{says}; this one and the later ones are not read"))
            break
        found: list[dict[str, list[str]]] = []
        _noting(mistakes, path, lambda: found.append(word_lists.parse(path, text)))  # noqa: B023
        for name, listed in (found[0] if found else {}).items():
            words.setdefault(name, []).extend(listed)
    return words


def _listed(
    root: Path, folder: str, suffixes: tuple[str, ...], mistakes: list[Mistake]
) -> list[str]:
    """The files below a folder that have such an ending, sorted; a missing folder has none."""
    try:
        there = beneath.files(root, folder, regular=False)
        found = sorted(path for path in there if _is_of(path, suffixes))
    except OSError as error:
        mistakes.append(Mistake(f"{folder}/", f"this folder cannot be read: {reason(error)}"))
        return []
    if len(found) > _MOST_FILES:
        says = f"it holds {len(found):,} files, of which {_MOST_FILES:,} are read"
        mistakes.append(Mistake(f"{folder}/", says))
    return found[:_MOST_FILES]


def _is_of(path: str, suffixes: tuple[str, ...]) -> bool:
    return path.lower().endswith(suffixes) and not is_temporary(path.rpartition("/")[2])


def _toml(root: Path, path: str, shown: str, mistakes: list[Mistake]) -> Mapping[str, Any]:
    table: dict[str, Any] = {}
    text = _text(root, path, shown, mistakes)
    _noting(mistakes, shown, lambda: table.update(bounded_toml.table(text)))
    return table


def _text(root: Path, path: str, shown: str, mistakes: list[Mistake]) -> str:
    """The text of a real file of the owner's; none, and a mistake, if it cannot be had."""
    try:
        return decode(beneath.read(root, path, MAX_BYTES))
    except OSError as error:
        says = f"this file cannot be read: {refusal(error)}"
    except (PictureError, MistakesError) as error:
        says = str(error)
    mistakes.append(Mistake(shown, says))
    return ""


def _noting(mistakes: list[Mistake], shown: str, check: Any) -> None:
    """Run a check and keep its mistakes, with the file they are in."""
    try:
        check()
    except MistakesError as error:
        mistakes.extend(
            Mistake(f"{shown}, {m.where}" if m.where else shown, m.says) for m in error.mistakes
        )
