"""Rich text, as TextEdit and WordPad save it: its words are read as plain text."""

from __future__ import annotations

from hotfolder.errors import mistake
from hotfolder.prompts import paragraphs
from hotfolder.prompts.paragraphs import PLAIN, Custom, Written

SUFFIXES = (".rtf",)
READS = "text"
_BEGIN = "{\\rtf"


def recognises(text: str) -> bool:
    """Whether a text is rich text, whatever its file is called."""
    return text.lstrip().startswith(_BEGIN)


def parse(text: str, custom: Custom = PLAIN) -> tuple[Written, ...]:
    """The prompts of its words; raises MistakesError."""
    from striprtf.striprtf import rtf_to_text  # ships no types

    if not recognises(text):
        return paragraphs.prompts(text, custom)
    try:
        plain = rtf_to_text(text, errors="replace")
    except Exception:  # on damaged files it raises anything
        raise mistake("this rich text is damaged; save it as plain text") from None
    return paragraphs.prompts(plain.replace("\xa0", " "), custom)
