"""Prompts of texts and pictures -> prompts for the owner's profiles; they say what is left."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from hotfolder.prompts import formats, keys, paragraphs
from hotfolder.prompts.paragraphs import Asked, Custom, Written
from hotfolder.recipes.config import Config
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.prompt_syntax.tags import renamed
from hotfolder.studio.config.match_model import Matched, match, names_model
from hotfolder.studio.layout import Studio


def read(
    suffix: str, text: str, config: Config, studio: Studio, habit: str = ""
) -> tuple[Prompt, ...]:
    """The prompts of a text with this ending, as this studio has them.

    `habit` says what is one: a "paragraph" or a "line"; "" is the studio's. Raises MistakesError.
    """
    custom = Custom(config.profiles, (habit or config.settings.one_prompt_per) == "line")
    return fit(formats.parse_text(suffix, text, custom), config, studio)


def fit(
    written: Sequence[Written], config: Config, studio: Studio, pasted: bool = True
) -> tuple[Prompt, ...]:
    """Prompts as they are, and what programs said for the profiles that have their models.

    `pasted` says that somebody put the texts into a file, not a program into its picture.
    """
    prompts: list[Prompt] = []
    for one in written:
        if isinstance(one, Prompt):
            prompts.append(one)
            continue
        params, table = one if isinstance(one, Asked) else (one, {})
        matched = match(params, config, studio, pasted=pasted)
        fitted = _foreign(paragraphs.from_params(params), matched, names_model(params))
        prompts.append(keys.granted(fitted, table, matched.notes, over=True))
    return tuple(prompts)


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
