"""What the files of a studio may decide that this machine's owner does not trust. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from hotfolder.recipes.profile import refused
from hotfolder.recipes.settings import Limits, Settings
from hotfolder.studio.layout import SETTINGS_FILE

_FREE = frozenset(
    {"profile", "folders", "pause_endless_at", "settle_seconds", "look_seconds", "stars", "photos"}
    | {"status_page", "alike", "taste"}
)
_LOWERED = frozenset({"limits", "keep_free_gb", "unload_after_minutes"})
_HELD = frozenset(Settings.__struct_fields__) - _FREE - _LOWERED


def settings(table: Mapping[str, Any], held: list[str]) -> dict[str, Any]:
    """Settings without those that name a file, a folder, a device or a program."""
    found = sorted(key for key in _HELD & set(table) if not _is_empty(table[key]))
    held += [f"{SETTINGS_FILE}, {key}" for key in found]
    return {key: value for key, value in table.items() if key not in _HELD}


def _is_empty(value: Any) -> bool:
    """Whether a table says nothing, as those of a new studio."""
    return isinstance(value, Mapping) and all(map(_is_empty, value.values()))


def lowered(settings: Settings, owner: Settings, held: list[str]) -> Settings:
    """Settings of which no limit is laxer than the owner's."""
    limits = {
        name: min(getattr(settings.limits, name), getattr(owner.limits, name))
        for name in Limits.__struct_fields__
    }
    changed = [name for name, limit in limits.items() if limit != getattr(settings.limits, name)]
    held += [f"{SETTINGS_FILE}, limits.{name} above {limits[name]:g}" for name in changed]
    keep_free_gb = max(settings.keep_free_gb, owner.keep_free_gb)
    if keep_free_gb != settings.keep_free_gb:
        held.append(f"{SETTINGS_FILE}, keep_free_gb below {keep_free_gb:g}")
    return msgspec.structs.replace(
        settings,
        limits=Limits(**limits),
        keep_free_gb=keep_free_gb,
        unload_after_minutes=min(settings.unload_after_minutes, owner.unload_after_minutes),
    )


def profiles(
    tables: Mapping[str, Mapping[str, Any]], taken: Collection[str], remedy: str, held: list[str]
) -> dict[str, Mapping[str, Any]]:
    """Profiles, of which those that name a model, or take the name of one of `taken`, are refused.

    Such a name goes on meaning what it did: the refused profile has none.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for name, table in tables.items():
        if name in taken:
            held.append(f"profiles/{name}.toml, which has the name of another profile")
        elif "model" in table:
            held.append(f"profiles/{name}.toml, model")
            says = f"it names a model, and this studio is not trusted on this computer; {remedy}"
            found[name] = refused(says)
        else:
            found[name] = table
    return found
