"""The tokenizer: whole words, English and Japanese, for what captions say, bytes for all else."""

import json
import re
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from .architecture import MAX_TOKENS
from .captions import IDLE_WORDS
from .painter import caption as english
from .painter import japanese
from .painter.scene import LARGE_FROM, draw_scene

START, END = "<|startoftext|>", "<|endoftext|>"
# CLIP's own way of cutting text into words (transformers, tokenization_clip.py).
WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
    r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)

# What follows or precedes a word in Japanese, where nothing is written between them.
PARTICLES = ("の", "と", "に")


def words() -> list[str]:
    """Return every word of the captions, found by writing many of them, and the idle words.

    A Japanese word is there alone and joined to others.
    """
    rng = np.random.default_rng(0)
    found = {*IDLE_WORDS, "、"}
    for seed in range(LARGE_FROM, LARGE_FROM + 20000):
        found.update(re.findall(r"[a-z']+", english.caption(draw_scene(seed), rng)))
    for word in japanese.words():
        found |= {word, *(word + p for p in PARTICLES), *(p + word for p in PARTICLES)}
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


def tokenizer_of(work: Path) -> CLIPTokenizer:
    """Return the tokenizer that a training goes by; a new training gets a new one, and keeps it."""
    folder = work / "tokenizer"
    if not folder.exists():
        save_tokenizer(build_tokenizer(), folder)
    return CLIPTokenizer.from_pretrained(folder)


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write tokenizer.json and, for programs that read CLIP's older files, vocab and merges."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    lines = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(lines) + "\n")
