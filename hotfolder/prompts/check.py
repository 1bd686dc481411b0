"""The prompts of a file against the owner's profiles and word lists: everything wrong at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hotfolder.errors import Mistake, MistakesError, PictureError
from hotfolder.images import recipe_text
from hotfolder.recipes import draw, reading, wildcards
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.library import Library
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt import MAX_SEED, Prompt
from hotfolder.recipes.prompt_syntax.read import read
from hotfolder.recipes.recipe import MAX_TEXT, MIN_SIDE_PX, Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.schedulers import MODEL_OWN


def check(
    prompts: Sequence[Prompt],
    tables: Mapping[str, Mapping[str, Any]],
    default: str,
    words: Mapping[str, Sequence[str]],
    shelf: Callable[[Profile], Library] = lambda _: reading.NOTHING,
) -> None:
    """Raises MistakesError with everything that keeps these prompts from becoming pictures.

    `tables` are the parsed profiles by name, `default` is the one for prompts that name none,
    `words` maps the name of each word list to its lines, `shelf` a profile to what prompts can
    name besides its own.
    """
    found: dict[Mistake, None] = {}
    for number, prompt in enumerate(prompts, start=1):
        place = f'prompt {number} ("{_short(prompt.text)}")' if len(prompts) > 1 else ""
        profile, wrong = _resolved(prompt, tables, default)
        found.update(dict.fromkeys(wrong))
        if profile is not None:
            template = draw.template(prompt, profile)
            negative = prompt.negative or profile.negative
            of_text = [*_of_length(template, negative)]
            if not prompt.literal:
                of_text += _of_template(template, words)
                said = read(template, negative, profile.steps, profile.emphasis)
                if lost := reading.missing(said, profile, shelf(profile)):
                    of_text.append(Mistake("", f"there is no LoRA {lost}", lacks=True))
            for mistake in of_text:
                where = ", ".join(part for part in (place, mistake.where) if part)
                found[Mistake(where, mistake.says, mistake.lacks)] = None
    if found:
        raise MistakesError(found)


def notes(
    text: str, negative: str, profile: Profile, shelf: Library, literal: bool
) -> tuple[str, ...]:
    """Sentences on what of a prompt's syntax has no effect.

    A LoRA that is missing is a mistake in a prompt that somebody wrote for this studio, and a note
    for a `literal` one, that came with a picture or from elsewhere.
    """
    said = read(text, negative or profile.negative, profile.steps, profile.emphasis)
    lost = reading.missing(said, profile, shelf) if literal else ""
    return (*said.notes, f"made without the LoRA {lost}") if lost else said.notes


def _resolved(
    prompt: Prompt, tables: Mapping[str, Mapping[str, Any]], default: str
) -> tuple[Profile | None, tuple[Mistake, ...]]:
    """The prompt's profile without its overrides, as far as it exists, and what is wrong."""
    name = prompt.profile or default
    try:
        profile = profiles.resolve(name, tables)
    except MistakesError as error:
        if name not in tables:
            return None, error.mistakes
        inside = (", ".join(filter(None, (f"profile {name}", m.where))) for m in error.mistakes)
        return None, tuple(
            Mistake(where, m.says, m.lacks) for where, m in zip(inside, error.mistakes, strict=True)
        )
    try:
        profiles.override(profile, prompt.overrides)
    except MistakesError as error:
        return profile, error.mistakes
    return profile, ()


def _of_template(template: str, words: Mapping[str, Sequence[str]]) -> Iterator[Mistake]:
    yield from wildcards.mistakes(template, words)
    if not template:
        yield Mistake("", "this prompt is empty; expected what the picture should show")


def _of_length(template: str, negative: str) -> Iterator[Mistake]:
    if len(template) > MAX_TEXT:
        says = f"with its fixed and random parts this prompt has {len(template):,} characters"
        yield Mistake("", f"{says}; expected at most {MAX_TEXT:,}")
        return
    try:
        recipe_text.require_room(*_carried_by_a_final(template, negative))
    except PictureError as error:
        yield Mistake("", f"a picture cannot carry this prompt: {error}")


def _carried_by_a_final(prompt: str, negative: str) -> tuple[Recipe, Record]:
    """The longest that a draft's and its finals' files have to say of a prompt."""
    draft = Recipe(
        prompt=prompt,
        negative_prompt=negative,
        tree=read(prompt, negative, 1).tree,
        seed=MAX_SEED,
        width=MIN_SIDE_PX,
        height=MIN_SIDE_PX,
        multiple=1,
        model="model",
        scheduler=MODEL_OWN,
        steps=1,
        guidance_scale=1.0,
    )
    record = Record(stage="draft", pixels="0" * 64, template=prompt)
    final = replace(draft, source=draft, strength=1.0)
    return final, replace(record, stage="final", source=record)


def _short(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"
