"""The reader of a family that reads pictures as well: of its words alone.

Several language models come with a processor for texts, pictures and films. hotfolder gives them
nothing but texts, and what reads the others needs torchvision. So only their tokenizers are opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import transformers
from transformers import AutoTokenizer, ProcessorMixin


class TextProcessor(ProcessorMixin):  # type: ignore[misc]
    """A processor with a tokenizer, and nothing for pictures and films."""

    def __init__(self, tokenizer: Any, chat_template: Any = None) -> None:
        super().__init__(tokenizer, chat_template=chat_template)

    def __call__(self, text: Any, images: None = None, videos: None = None, **named: Any) -> Any:
        """The tokens of one text or of several."""
        return self.tokenizer(text, **named)

    def apply_chat_template(self, conversation: Any, **named: Any) -> Any:
        """The text, or the tokens, of one conversation or of several."""
        alone = isinstance(conversation[0], dict)
        tokens = named.pop("tokenize", False)
        several = [conversation] if tokens and alone else conversation
        template = {"chat_template": self.chat_template} if self.chat_template else {}
        return self.tokenizer.apply_chat_template(several, tokenize=tokens, **template, **named)


def readers(folder: Path, index: Mapping[str, Any]) -> dict[str, TextProcessor]:
    """Those for the parts of the model in `folder` that read pictures as well, by their names.

    `index` is its model_index.json. Raises OSError and ValueError.
    """
    found = {}
    for name, declared in index.items():
        if not isinstance(declared, list) or declared[:1] != ["transformers"]:
            continue
        if str(declared[1]).removesuffix("ImageProcessor").endswith("Processor"):
            found[name] = read(folder / name)
    return found


def acceptable(found: Mapping[str, TextProcessor], index: Mapping[str, Any]) -> dict[str, Any]:
    """These as diffusers takes them while it loads; None for those that it has to get afterwards.

    Where a class cannot even be imported without torchvision, it compares with nothing.
    """
    kinds = {name: getattr(transformers, index[name][1], None) for name in found}
    return {
        name: reader if issubclass(kinds[name] or object, ProcessorMixin) else None
        for name, reader in found.items()
    }


def read(folder: Path) -> TextProcessor:
    """The one in `folder`. Raises OSError and ValueError."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    older = folder / "chat_template.json"
    if not older.is_file():
        return TextProcessor(tokenizer)
    template = json.loads(older.read_text(encoding="utf-8"))
    return TextProcessor(tokenizer, template["chat_template"])
