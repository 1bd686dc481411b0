"""The keys of a request, however they are written: as TOML, as words, as `--ar 16:9`.

All of these become one table of the keys that a TOML file has, and are checked as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hotfolder.images import samplers
from hotfolder.recipes import links, schema
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.prompt import Count, Prompt, Seed, choices, parts
from hotfolder.recipes.prompt_syntax.read import Emphasis
from hotfolder.recipes.recipe import MIN_SIDE_PX


class Keys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be said of one prompt or many. The second half is the profile's, laid over it."""

    fixed: links.Texts = ""
    random: profiles.Choices = []
    negative: str = ""
    profile: str | None = None
    count: Count | None = None
    size: links.Size | None = None
    aspect: profiles.Aspect | None = None

    scheduler: links.SchedulerName | None = None
    steps: links.Steps | None = None
    guidance_scale: links.Guidance | None = None
    emphasis: Emphasis | None = None
    draft: profiles.Draft = profiles.Draft()
    refine: profiles.Refine = profiles.Refine()


class File(Keys, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a prompt file."""

    prompt: str | None = None
    prompts: list[str] | None = None
    seed: Seed | None = None


OVERRIDES = ("scheduler", "steps", "guidance_scale", "emphasis", "draft", "refine")


def asked(text: str, file: File, table: Mapping[str, Any]) -> Prompt:
    """The prompt of a text with the keys of `table`, which `file` has checked."""
    return Prompt(
        text=text.strip(),
        negative=file.negative.strip(),
        fixed=parts(file.fixed),
        random=choices(file.random),
        profile=file.profile,
        count=file.count,
        seed=file.seed,
        size=file.size,
        overrides=_overrides(file, table),
    )


def granted(
    prompt: Prompt, table: Mapping[str, Any], notes: tuple[str, ...] = (), over: bool = False
) -> Prompt:
    """The prompt with what a table of keys says; its own words come first, unless `over` it.

    Fixed and random parts are added. Raises MistakesError for what is wrong in the table.
    """
    notes = tuple(dict.fromkeys((*prompt.notes, *notes)))
    if not table:
        return replace(prompt, notes=notes) if notes else prompt
    said = asked(prompt.text, schema.convert(links.read(table), File), table)
    first, second = (said, prompt) if over else (prompt, said)
    size, overrides = first.size, schema.merge(second.overrides, first.overrides)
    if size is None and "aspect" not in first.overrides.get("draft", {}):
        size = second.size
    elif size is not None and "aspect" in overrides.get("draft", {}):
        overrides["draft"] = {k: v for k, v in overrides["draft"].items() if k != "aspect"}
    return replace(
        prompt,
        negative=first.negative or second.negative,
        fixed=(*prompt.fixed, *said.fixed),
        random=(*prompt.random, *said.random),
        profile=first.profile or second.profile,
        count=first.count or second.count,
        seed=second.seed if first.seed is None else first.seed,
        size=size,
        overrides=overrides,
        notes=notes,
    )


def _overrides(file: File, table: Mapping[str, Any]) -> dict[str, Any]:
    """The profile keys of a table, as they are laid over a profile."""
    over = {key: table[key] for key in OVERRIDES if key in table}
    if file.aspect is not None:
        over["draft"] = {**over.get("draft", {}), "aspect": file.aspect}
    return over


# What other programs and people call a key, by its letters in lower case.
_CALLED: Mapping[str, str] = {
    "count": "count",
    "n": "count",
    "drafts": "count",
    "images": "count",
    "numimages": "count",
    "batchcount": "count",
    "repeat": "count",
    "seed": "seed",
    "steps": "steps",
    "numinferencesteps": "steps",
    "cfg": "guidance_scale",
    "cfgscale": "guidance_scale",
    "guidance": "guidance_scale",
    "guidancescale": "guidance_scale",
    "sampler": "scheduler",
    "samplername": "scheduler",
    "scheduler": "scheduler",
    "ar": "aspect",
    "aspect": "aspect",
    "aspectratio": "aspect",
    "size": "size",
    "resolution": "size",
    "width": "width",
    "height": "height",
    "w": "width",
    "h": "height",
    "no": "negative",
    "negative": "negative",
    "negativeprompt": "negative",
    "prompt": "prompt",
    "profile": "profile",
}
_WHOLE = ("count", "seed", "steps", "width", "height")


def key_of(name: str) -> str | None:
    """Our key for what somebody calls a setting; `width` and `height` are halves of `size`."""
    return _CALLED.get(re.sub(r"[\W_]+", "", name.lower()))


def valued(key: str, text: str) -> dict[str, Any]:
    """A table with one key and its value, as it was written; a random seed is none.

    Raises MistakesError if the key cannot have that value.
    """
    text = text.strip()
    value: Any = text
    if key in _WHOLE and re.fullmatch(r"[0-9]{1,20}", text):
        value = int(text)
    elif key == "seed" and text == "-1":
        return {}
    elif key == "guidance_scale" and re.fullmatch(r"[0-9]{1,4}(?:[.,][0-9]{1,9})?", text):
        value = float(text.replace(",", "."))
    elif key == "scheduler":
        value = samplers.scheduler(text, None) or text
    elif key in ("size", "aspect") and re.fullmatch(r"[0-9]+ ?[\u00d7*] ?[0-9]+", text):
        value = re.sub(r" ?[\u00d7*] ?", "x", text)
    if key in ("width", "height"):
        sides = (value, MIN_SIDE_PX) if key == "width" else (MIN_SIDE_PX, value)
        schema.convert({"size": f"{sides[0]}x{sides[1]}"}, File)
    else:
        schema.convert({key: value}, File)
    return {key: value}


def together(tables: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One table of several: of a key given twice the last, negative prompts joined by commas."""
    table: dict[str, Any] = {}
    for one in tables:
        if "negative" in one and table.get("negative"):
            one = {**one, "negative": f"{table['negative']}, {one['negative']}"}  # noqa: PLW2901
        table.update(one)
    sides = table.pop("width", None), table.pop("height", None)
    if sides[0] and sides[1]:
        table["size"] = f"{sides[0]}x{sides[1]}"
    if "size" in table:
        table.pop("aspect", None)
    return table
