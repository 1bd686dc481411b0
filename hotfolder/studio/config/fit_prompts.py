"""Prompts of texts and pictures -> prompts for the owner's profiles, and what is left of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from hotfolder.prompts import paragraphs
from hotfolder.prompts.paragraphs import Written
from hotfolder.recipes.config import Config
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.prompt_syntax.tags import renamed
from hotfolder.studio.config.match_model import Matched, match, names_model
from hotfolder.studio.layout import Studio


def fit(
    written: Sequence[Written], config: Config, studio: Studio, pasted: bool = True
) -> tuple[tuple[Prompt, ...], tuple[str, ...]]:
    """Prompts as they are, what programs said for the profiles that have their models, and notes.

    `pasted` says that somebody put the texts into a file, not a program into its picture.
    """
    prompts: list[Prompt] = []
    notes: dict[str, None] = {}
    for one in written:
        if isinstance(one, Prompt):
            prompts.append(one)
            continue
        matched = match(one, config, studio, pasted=pasted)
        notes.update(dict.fromkeys(matched.notes))
        prompts.append(_foreign(paragraphs.from_params(one), matched, names_model(one)))
    return tuple(prompts), tuple(notes)


def ours(prompt: Prompt, matched: Matched) -> Prompt:
    """Our own picture's prompt for the profile that has its model; else without its settings."""
    kept = set(prompt.overrides) if matched.has_model else {"draft", "emphasis"}
    overrides = {key: value for key, value in prompt.overrides.items() if key in kept}
    profile = matched.profile_name if matched.has_model else None
    text = renamed(prompt.text, matched.loras)
    return structs.replace(prompt, text=text, profile=profile, overrides=overrides)


def _foreign(prompt: Prompt, matched: Matched, names_model: bool) -> Prompt:
    """The same for what another program said, whose sampler the model may not take."""
    overrides = dict(prompt.overrides)
    if overrides.get("scheduler") != matched.profile.scheduler:
        overrides.pop("scheduler", None)
    fitted = ours(structs.replace(prompt, overrides=overrides), matched)
    return fitted if names_model else structs.replace(fitted, profile=None)
