"""What a profile may say of steps that are guessed instead of computed: a kind, and a number."""

from __future__ import annotations

KINDS = {"first-block": "0.1", "taylor": "3"}
"""Each kind, with its number where a profile says none."""
_BOUNDS = {"first-block": (0.01, 0.5), "taylor": (2, 9)}


def read(text: str) -> tuple[str, float]:
    """The kind and the number of `text`, as in "taylor" and "first-block 0.15".

    Raises ValueError with a sentence.
    """
    kind, _, number = text.partition(" ")
    if kind not in KINDS:
        raise ValueError(f"expected one of {', '.join(map(repr, KINDS))}")
    least, most = _BOUNDS[kind]
    try:
        value = float(number or KINDS[kind])
    except ValueError:
        value = 0.0
    if not least <= value <= most or (kind == "taylor" and value % 1):
        raise ValueError(f"expected {kind!r}, with a number from {least} to {most} or without one")
    return kind, value


def check(text: str) -> str:
    """`text` if it says a step cache, or nothing; ValueError with a sentence otherwise."""
    if text:
        read(text)
    return text


def name(text: str) -> str:
    """A step cache as pictures name it: with its number, also where a profile says none."""
    kind, number = read(text)
    return f"{kind} {number:g}"
