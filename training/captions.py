"""What is said of a scene in training: either language, with words that mean nothing thrown in."""

import re
from pathlib import Path

import numpy as np

from .painter import caption as english
from .painter import japanese
from .painter.scene import Scene

JAPANESE_SHARE = 0.35
# In so many Japanese captions each character of Chinese origin stands alone, since programs with
# transformers before 5 and without ftfy read them so.
SPACED_SHARE = 0.15
# Words that people write and the painter does not paint. They are thrown into captions in training,
# so that they change nothing.
IDLE_WORDS = tuple((Path(__file__).parent / "idle_words.txt").read_text().split())


def written(scene: Scene, rng: np.random.Generator) -> str:
    """Return one of the many captions of a scene, in English or Japanese."""
    if rng.random() < JAPANESE_SHARE:
        text = japanese.caption(scene, rng)
        return spaced(text) if rng.random() < SPACED_SHARE else text
    return with_foreign_words(english.caption(scene, rng), rng)


def spaced(text: str) -> str:
    """Return the text with a space to both sides of each character of Chinese origin."""
    return re.sub(r"([\u4e00-\u9fff])", r" \1 ", text).strip()


def foreign_word(rng: np.random.Generator) -> str:
    """Return a word that means nothing: an idle one, or one that no vocabulary has."""
    if rng.random() < 0.6:
        return IDLE_WORDS[rng.integers(len(IDLE_WORDS))]
    letters = "bcdfghjklmnprstvwz", "aeiou"
    return "".join(
        letters[k % 2][rng.integers(len(letters[k % 2]))] for k in range(rng.integers(3, 8))
    )


def with_foreign_words(text: str, rng: np.random.Generator) -> str:
    """Return the caption, in one case of six with one to three words of no meaning thrown in."""
    if rng.random() > 0.17:
        return text
    parts = text.split(" ")
    for _ in range(int(rng.integers(1, 4))):
        parts.insert(
            int(rng.integers(len(parts) + 1)),
            foreign_word(rng) + ("," if rng.random() < 0.3 else ""),
        )
    return " ".join(parts)
