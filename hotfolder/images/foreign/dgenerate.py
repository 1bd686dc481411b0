"""dgenerate: the command line that made the picture, as a script in `DgenerateConfig`.

Source: the manual of Teriks/dgenerate. Only the words of the command are read; nothing is run, and
no template in it is expanded.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from hotfolder.images import exif
from hotfolder.images import generation_params as words
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata
from hotfolder.recipes.schedulers import SCHEDULERS

MAX_SCRIPT = 2**16

_USUAL = ("algorithm_type", "clip_sample")
_KARRAS = re.compile(r"use-karras-sigmas\s*=\s*['\"]?true", re.IGNORECASE)
_DECISIVE = (
    "vae",
    "unet",
    "textual-inversions",
    "control-nets",
    "clip-skips",
    "image-seeds",
    "pag",
)
_ONE_OF_MANY = {"lora": "loras", "scheduler": "schedulers", "prompt": "prompts", "seed": "seeds"}


def read(metadata: Metadata) -> GenerationParams | None:
    """What the first picture of the script's last command was asked to be."""
    script = metadata.text("DgenerateConfig")
    if script is None:
        comment = exif.user_comment(metadata.exif) or ""
        script = comment if comment.startswith("#! dgenerate") else None
    if script is None or len(script) > MAX_SCRIPT:
        return None
    try:
        spoken = shlex.split("\n".join(_lines(script)), comments=False)
    except ValueError:
        return None
    return _of_command(spoken)


def _lines(script: str) -> Iterator[str]:
    """The lines of the command: no comments, and no directives, which begin with a backslash."""
    for line in script.splitlines():
        if not line.lstrip().startswith(("#", "\\")):
            yield line.removesuffix("\\")


def _of_command(spoken: list[str]) -> GenerationParams | None:
    options: dict[str, list[str]] = {}
    model, values = "", None
    for word in spoken:
        if word.startswith("--") and len(word) > 2:
            key = word[2:]
            values = options.setdefault(_ONE_OF_MANY.get(key, key), [])
        elif values is None:
            model = model or word
        else:
            values.append(word)
    first = {key: values[0] if values else "" for key, values in options.items()}
    if "prompts" not in first:
        return None
    prompt, _, negative = first["prompts"].partition(";")
    width, height = _sides(first.get("output-size", ""))
    scheduler = _scheduler(first.get("schedulers", ""))
    decisive = {key: text for key, text in first.items() if key in _DECISIVE}
    if scheduler is None:
        decisive["scheduler"] = first.get("schedulers", "")
    return GenerationParams(
        program="dgenerate",
        prompt=words.prompt(prompt),
        negative_prompt=words.prompt(negative),
        steps=words.steps(first.get("inference-steps")),
        scheduler=scheduler,
        guidance_scale=words.guidance(first.get("guidance-scales")),
        seed=words.seed(first.get("seeds")),
        width=width,
        height=height,
        strength=words.number(first.get("image-seed-strengths"), 0, 1),
        model=words.name(model),
        loras=words.loras(map(_lora, options.get("loras", ()))),
        others=words.others(decisive),
    )


def _scheduler(uri: str) -> str | None:
    """Our name of a diffusers class and its arguments: "Name;use-karras-sigmas=true"."""
    name, _, arguments = uri.partition(";")
    wanted = {"use_karras_sigmas": True} if _KARRAS.search(arguments) else {}
    for ours, (class_name, options) in SCHEDULERS.items():
        varied = {key: value for key, value in options.items() if key not in _USUAL}
        is_usual = not str(options.get("algorithm_type", "")).startswith("sde")
        if is_usual and (name, wanted) == (class_name, varied):
            return ours
    return None


def _sides(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text, re.ASCII)
    return words.sides(match[1], match[2] or match[1]) if match else (None, None)


def _lora(uri: str) -> str:
    name, _, arguments = uri.partition(";")
    scale = re.search(r"(?:^|;)\s*scale\s*=\s*([0-9.]{1,10})", arguments)
    return words.lora(name, scale[1] if scale else None)
