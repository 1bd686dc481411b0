"""A rendered picture, and how it was made."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image


@dataclass(frozen=True, slots=True)
class Facts:
    """How a picture was made; the fields are those of `recipes.record.Record`.

    `seconds` is the time of this picture alone: what `on_step` took is not in it. `threads` is 0
    where the bits do not hang on it, on anything but a CPU.
    """

    seconds: float
    steps_run: int
    device: str
    dtype: str
    threads: int
    versions: dict[str, str]
    model_sha256: str
    memory_plan: str
    additions: dict[str, str]
    model_commit: str = ""
    notes: tuple[str, ...] = ()
    file_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture, RGB and exactly as large as its recipe says, and how it was made.

    `features` are what the denoiser thought of it, packed, by kind (`taste.features`); none where
    nothing could be seen.
    """

    image: Image.Image
    facts: Facts
    features: dict[str, bytes] = field(default_factory=dict)
