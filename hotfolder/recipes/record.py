"""The render record: where, when and with what a picture was made. Travels with its recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from hotfolder.recipes.encoding import PNG, Encoding
from hotfolder.recipes.recipe import Sha256

Short = Annotated[str, Meta(max_length=1024)]
Stage = Literal["draft", "final"]
LINK: Literal["link"] = "link"


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one picture came to be. No part of the recipe's id; unknown keys are let pass.

    `pixels` is the pixel hash of the picture as its file shows it. `encoding` is how the rendered
    pixels became these; where it loses some, `rendered` is the pixel hash before. `threads` is
    torch's thread count on a CPU (it changes fp32 bits). `steps_run` is the number of denoising
    steps that ran. `model_sha256` is the fingerprint of the model, `file_sha256` the plain SHA-256
    of the file that its denoiser is in, if it is one: other sites know it by that. `model_commit`
    is the commit of the hub that the model came from, if it did. `template` is the prompt before
    wildcards, `prompt_file` the name of the file it was read from, `overrides` the profile keys
    that it set. `request` and `ordinal` say which wish it fulfils, so that the ledger can be
    rebuilt from the pictures: the prompt's digest and the draft's number, or, for a final, the key
    of the picked picture and the number of the refinement, of which so many were `wanted`.
    `source` is the record of the picture that it was made from, if we made that: it may have been
    made elsewhere.
    A `LINK` is a picture between a pick and its final, which has no file. `studio` is the name of
    the studio that wished for it.

    Two say what taste had to do with it: `steered` that a draft was chosen among several draws,
    `picked` why it went to `seeds/` by itself. `notes` are sentences on what was asked for and had
    no effect, or was not here.
    """

    stage: Stage | Literal["link"]
    pixels: Sha256
    rendered: Sha256 | None = None
    encoding: Encoding = PNG
    software: Short = ""
    created: Short = ""
    seconds: float = 0.0
    steps_run: int = 0
    device: Short = ""
    dtype: Short = ""
    threads: Annotated[int, Meta(ge=0, le=1024)] = 0
    versions: dict[str, Short] = {}
    model_sha256: Short = ""
    model_commit: Short = ""
    file_sha256: Short = ""
    additions: dict[Short, Short] = {}
    memory_plan: Short = ""
    profile: Short = ""
    template: Annotated[str, Meta(max_length=65_536)] = ""
    prompt_file: Short = ""
    overrides: dict[str, Any] = {}
    request: Short = ""
    ordinal: Annotated[int, Meta(ge=0, le=2**53)] = 0
    wanted: Annotated[int, Meta(ge=0, le=1000)] = 0
    studio: Short = ""
    steered: Short = ""
    picked: Short = ""
    notes: Annotated[tuple[Short, ...], Meta(max_length=100)] = ()
    source: Record | None = None


def seconds(record: Record) -> float:
    """How long a picture took, with all links of its chain."""
    total, before = record.seconds, record.source
    while before is not None and before.stage == LINK:
        total, before = total + before.seconds, before.source
    return total


def without_taste(record: Record) -> Record:
    """A record, and those of its sources, that tells nothing of what its owner likes."""
    source = None if record.source is None else without_taste(record.source)
    return replace(record, steered="", picked="", source=source)
