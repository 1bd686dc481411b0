"""A studio's settings, as `hotfolder.toml` gives them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from hotfolder.recipes import schema

LOCAL = "local"
_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d{1,3})?")


def device(name: str) -> str:
    """`name` if it can be the name of a device; ValueError with a sentence otherwise."""
    if not _DEVICE.fullmatch(name):
        raise ValueError('expected "auto", "cpu", "cuda", "cuda:0", "cuda:1", "xpu" or "mps"')
    return name


Device = Annotated[str, schema.checked(device)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner of a studio may choose; every key has a default.

    `stars_from` is the least rating that picks a draft. `folders` says how `drafts/` and `final/`
    are divided. Endless drafts pause while `drafts/` holds `pause_endless_at` pictures; all
    rendering pauses while the disk has less than `keep_free_gb` free. A file is read once it has
    not changed for `settle_seconds`; the folders are looked through every `look_seconds`, should
    the operating system have lost a notice of a change.

    Pictures are rendered on `devices`: one, or a list of which each gets a process of its own.
    "auto" is the best one, or all graphics cards if there are several. The models' memory is freed
    when nothing was rendered for `unload_after_minutes`. `executor` is `LOCAL` or the name of an
    installed one.
    """

    profile: Annotated[str, Meta(min_length=1)] = "postcard"
    stars_from: Annotated[int, Meta(ge=1, le=5)] = 1
    folders: Literal["flat", "prompt", "day"] = "flat"
    pause_endless_at: Annotated[int, Meta(ge=1)] = 500
    keep_free_gb: Annotated[float, Meta(ge=0)] = 1.0
    settle_seconds: Annotated[float, Meta(ge=0.05, le=600)] = 2.0
    look_seconds: Annotated[float, Meta(ge=0.5, le=3600)] = 60.0
    devices: Device | Annotated[list[Device], Meta(min_length=1)] = "auto"
    unload_after_minutes: Annotated[float, Meta(ge=0, le=100_000)] = 10.0
    executor: Annotated[str, Meta(min_length=1)] = LOCAL
