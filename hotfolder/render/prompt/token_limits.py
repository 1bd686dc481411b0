"""How far each family reads: the words of a long prompt that its text encoder never sees.

CLIP is read in chunks, so nothing is lost there (see `conditioning`). T5 and the language models of
other families read some hundred tokens at once, and diffusers drops the rest without a word. Where
a family frames the prompt with words of its own, up to a dozen more may be lost than is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotfolder.recipes.profile import Model
from hotfolder.render.models import weights

# Pipeline -> the tokenizer that reads furthest, and how many tokens it may give.
READS: Mapping[str, tuple[str, int]] = {
    "StableDiffusion3Pipeline": ("tokenizer_3", 256),
    "FluxPipeline": ("tokenizer_2", 512),
    "QwenImagePipeline": ("tokenizer", 512),
    "ZImagePipeline": ("tokenizer", 512),
    "ChromaPipeline": ("tokenizer", 512),
    "SanaPipeline": ("tokenizer", 300),
    "SanaSprintPipeline": ("tokenizer", 300),
    "Kandinsky3Pipeline": ("tokenizer", 128),
    "PixArtAlphaPipeline": ("tokenizer", 120),
    "PixArtSigmaPipeline": ("tokenizer", 300),
    "AuraFlowPipeline": ("tokenizer", 256),
    "LuminaPipeline": ("tokenizer", 256),
    "Lumina2Pipeline": ("tokenizer", 256),
    "HunyuanDiTPipeline": ("tokenizer_2", 256),
    "CogView3PlusPipeline": ("tokenizer", 224),
    "CogView4Pipeline": ("tokenizer", 1024),
    "OvisImagePipeline": ("tokenizer", 256),
}
_SHOWN = 200  # characters of what is lost


def unread(tokenizer: Any, tokens: int, text: str) -> str:
    """The end of `text` that is beyond what so many tokens say; "" if nothing is."""
    room = tokens - len(tokenizer("").input_ids)
    inner = tokenizer(text, add_special_tokens=False, return_offsets_mapping=tokenizer.is_fast)
    if len(inner.input_ids) <= room:
        return ""
    if tokenizer.is_fast:
        return text[inner.offset_mapping[room][0] :].strip()
    lost: str = tokenizer.decode(inner.input_ids[room:], skip_special_tokens=True)
    return lost.strip()


def of_pipeline(pipe: Any, arguments: Mapping[str, Any], text: str) -> str:
    """A sentence on what `pipe`, called with these arguments, does not read of `text`; or ""."""
    modules = type(pipe).__name__.replace("Img2Img", "")
    if modules not in READS:
        return ""
    name, tokens = READS[modules]
    tokens = arguments.get("max_sequence_length", tokens)
    tokenizer = getattr(pipe, name, None)
    return _sentence(modules, tokens, unread(tokenizer, tokens, text)) if tokenizer else ""


def of_model(model: Model, base: Path | None, text: str) -> str:
    """The same of a model in a folder, by its tokenizer alone; "" for any other model."""
    path = weights.here(model, base)
    name = weights.pipeline_class(path) if path is not None and path.is_dir() else ""
    part, tokens = READS.get(name, ("", 0))
    if path is None or len(text) <= tokens or not part or not (path / part).is_dir():
        return ""  # a token is a letter at the least
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path / part, local_files_only=True)
    return _sentence(name, tokens, unread(tokenizer, tokens, text))


def _sentence(name: str, tokens: int, lost: str) -> str:
    if not lost:
        return ""
    shown = lost if len(lost) <= _SHOWN else f"{lost[:_SHOWN]}…"
    family = name.removesuffix("Pipeline")
    return f'{family} models read {tokens} tokens of a prompt; what follows is not read: "{shown}"'
