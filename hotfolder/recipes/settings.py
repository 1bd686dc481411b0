"""A studio's settings, as `hotfolder.toml` gives them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Engine(Struct, frozen=True, forbid_unknown_fields=True):
    """How pictures are computed.

    The models' memory is freed when nothing was rendered for `unload_after_minutes`.
    """

    unload_after_minutes: Annotated[float, Meta(ge=0, le=100_000)] = 10.0


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner of a studio may choose; every key has a default.

    `stars_from` is the least rating that picks a draft. `folders` says how `drafts/` and `final/`
    are divided. Endless drafts pause while `drafts/` holds `pause_endless_at` pictures; all
    rendering pauses while the disk has less than `keep_free_gb` free. A file is read once it has
    not changed for `settle_seconds`; the folders are looked through every `look_seconds`, should
    the operating system have lost a notice of a change.
    """

    profile: Annotated[str, Meta(min_length=1)] = "postcard"
    stars_from: Annotated[int, Meta(ge=1, le=5)] = 1
    folders: Literal["flat", "prompt", "day"] = "flat"
    pause_endless_at: Annotated[int, Meta(ge=1)] = 500
    keep_free_gb: Annotated[float, Meta(ge=0)] = 1.0
    settle_seconds: Annotated[float, Meta(ge=0.05, le=600)] = 2.0
    look_seconds: Annotated[float, Meta(ge=0.5, le=3600)] = 60.0
    engine: Engine = Engine()
