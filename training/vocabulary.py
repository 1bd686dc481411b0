"""The tokenizer: whole words for what captions and people say, bytes for everything else."""

import json
import re
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from .architecture import MAX_TOKENS
from .painter import caption as captions
from .painter.scene import draw_scene

START, END = "<|startoftext|>", "<|endoftext|>"
# CLIP's own way of cutting text into words (transformers, tokenization_clip.py).
WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
    r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)

# Words that people write and the painter does not paint. They are thrown into captions in training,
# so that they change nothing.
IDLE_WORDS = tuple((Path(__file__).parent / "idle_words.txt").read_text().split())


def words() -> list[str]:
    """Return every word of the captions, found by writing many of them, and the idle words."""
    rng = np.random.default_rng(0)
    found = set(IDLE_WORDS)
    for seed in range(20000):
        found.update(re.findall(r"[a-z']+", captions.caption(draw_scene(seed), rng)))
    return sorted(found)


def build_tokenizer() -> CLIPTokenizer:
    """Return a CLIPTokenizer that keeps all `words()` whole; its last two ids are start and end."""
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        min_frequency=2,
        end_of_word_suffix="</w>",
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    bpe.train_from_iterator([f"{word} {word}" for word in words()], trainer)
    model = json.loads(bpe.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    used = set(pre_tokenizers.ByteLevel.alphabet())
    used |= {letter + "</w>" for letter in used} | {a + b for a, b in merges}
    vocabulary = {token: k for k, token in enumerate(sorted(used))}
    vocabulary |= {START: len(vocabulary), END: len(vocabulary) + 1}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_TOKENS)


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write tokenizer.json and, for programs that read CLIP's older files, vocab and merges."""
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    lines = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(lines) + "\n")


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
