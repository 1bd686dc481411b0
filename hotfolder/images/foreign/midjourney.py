"""Midjourney: the prompt with its parameters and the job's number in `Description`."""

from __future__ import annotations

import re

from hotfolder.images import generation_params as words
from hotfolder.images import xmp
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata

_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
_JOB = re.compile(r"\s*Job ID: [0-9a-f-]{36}\s*", re.IGNORECASE)
_PARAMETERS = re.compile(r"\s--([a-z]{1,12})\b")
MAX_PARAMETERS = 40


def read(metadata: Metadata) -> GenerationParams | None:
    """The prompt before its first --parameter; what is not wanted stands behind --no."""
    in_xmp = xmp.properties(metadata.xmp).get(_DESCRIPTION, ("",))[0]
    for text in (metadata.text("Description"), in_xmp):
        if text and len(text) <= words.MAX_JSON and _JOB.search(text):
            return _of(_JOB.sub(" ", text))
    return None


def _of(text: str) -> GenerationParams:
    prompt, *parts = _PARAMETERS.split(text, MAX_PARAMETERS)
    said = {key: value.strip() for key, value in zip(parts[::2], parts[1::2], strict=False)}
    negative = said.pop("no", "")
    seed = words.seed(said.pop("seed", None))
    version = said.pop("v", said.pop("version", ""))
    return GenerationParams(
        program="Midjourney",
        prompt=words.prompt(prompt),
        negative_prompt=words.prompt(negative),
        seed=seed,
        model=words.name(f"Midjourney {version}".strip()),
        others=words.others({f"--{key}": value or True for key, value in said.items()}),
    )
