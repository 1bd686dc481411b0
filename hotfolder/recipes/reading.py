"""What a prompt says -> the fields of a recipe that follow from it."""

from __future__ import annotations

from typing import Any

from hotfolder.errors import did_you_mean
from hotfolder.recipes import library
from hotfolder.recipes.library import Library
from hotfolder.recipes.model import additions, lora_name
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.prompt_syntax import tags
from hotfolder.recipes.prompt_syntax.read import Reading, read
from hotfolder.recipes.prompt_syntax.tags import LoraTag
from hotfolder.recipes.recipe import Lora, Recipe

NOTHING = Library()


def fields(
    prompt: str,
    negative: str,
    steps: int,
    profile: Profile,
    shelf: Library = NOTHING,
    plain: bool = False,
) -> dict[str, Any]:
    """Prompts, steps and additions as `Recipe` has them.

    `shelf` has the LoRAs and embeddings that the prompt can name besides those of the profile. Of
    a `plain` prompt every sign is text. LoRAs that are not here are left out: see `missing`.
    """
    reading = Reading() if plain else read(prompt, negative, steps, profile.emphasis)
    added = additions(profile.model)
    loras = {lora.name: lora for lora in added["loras"]}
    for tag in reading.loras:
        if name := _name(tag, profile, shelf):
            loras[name] = Lora(name, tag.scale, tag.text_scale)
    texts = () if plain else (tags.take(prompt).text, tags.take(negative).text)
    said = library.mentioned(shelf.embeddings, "\n".join(texts))
    compel = reading.tree is not None and profile.emphasis == "compel"
    return {
        "prompt": prompt,
        "negative_prompt": negative,
        "steps": steps,
        **added,
        "loras": tuple(loras.values()),
        "embeddings": tuple(sorted({*added["embeddings"], *said})),
        "tree": reading.tree,
        "emphasis": "compel" if compel else "a1111",
    }


def missing(reading: Reading, profile: Profile, shelf: Library) -> str:
    """The LoRAs of a reading that are not here, with the nearest names, in one line; or ""."""
    own = [lora_name(lora) for lora in profile.model.loras]
    known = sorted({*own, *shelf.loras.values()})
    gone = [tag.name[:80] for tag in reading.loras if _name(tag, profile, shelf) is None]
    if not gone:
        return ""
    if not known:
        names = ", ".join(map(repr, gone))
        return f"{names}; list the folder that has it in hotfolder.toml: loras = ['D:/loras']"
    return ", ".join(f"{name!r} ({did_you_mean(name, known)})" for name in gone)


def is_plain(recipe: Recipe) -> bool:
    """Whether a recipe takes signs as text that would have a meaning in a new prompt."""
    reads = read(recipe.prompt, recipe.negative_prompt, recipe.steps)
    return recipe.tree is None and reads != Reading()


def _name(tag: LoraTag, profile: Profile, shelf: Library) -> str | None:
    """The name of the LoRA that a tag means; the profile's own come first."""
    own = {lora_name(lora): lora_name(lora) for lora in profile.model.loras}
    folded = {name.casefold(): name for name in own}
    return library.named({**folded, **own}, tag.name) or library.named(shelf.loras, tag.name)
