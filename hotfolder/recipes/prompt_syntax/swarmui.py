"""SwarmUI's prompts in our terms.

Its weights are written as ours; what it has beside them stands in tags: `<fromto[0.5]:a, b>`,
`<alternate:a, b>`, `<break>`. A square bracket is one. What stands behind `<segment:…>` and the
like is for a part of the picture alone. Source: "Prompt Syntax" in SwarmUI's documentation.
"""

from __future__ import annotations

import re

from hotfolder.recipes.prompt_syntax.tree import DEEPEST

_TOKEN = re.compile(r"[<>\[\]]|[^<>\[\]]+")
_TAG = re.compile(r"(\w{1,20})(?:\\\[([^\[\]]{0,40})\\\])?(?::(.*))?", re.DOTALL)
_SECTIONS = ("segment", "object", "region", "refiner", "video", "extend", "edit")
_SILENT = ("base", "comment", "trigger", "clear")


def ours(text: str) -> str:
    """The prompt as our grammar has it. Tags without a counterpart stay as they are."""
    opened: list[list[str]] = [[]]
    kept = True
    for sign in _TOKEN.findall(text):
        if sign == "<" and len(opened) <= DEEPEST:
            opened.append([])
        elif sign == ">" and len(opened) > 1:
            inside = "".join(opened.pop())
            name = inside.partition(":")[0].strip().lower()
            if len(opened) == 1 and (name in _SECTIONS or name == "base"):
                kept = name == "base"
            elif kept or len(opened) > 1:
                opened[-1].append(_tag(inside))
        elif kept or len(opened) > 1:
            opened[-1].append(f"\\{sign}" if sign in "[]" else sign)
    while len(opened) > 1:
        unclosed = "<" + "".join(opened.pop())
        opened[-1].append(unclosed)
    return "".join(opened[0]).strip()


def _tag(inside: str) -> str:
    """What a tag becomes; `inside` has its square brackets escaped."""
    match = _TAG.fullmatch(inside)
    name, option, says = (match[1].lower(), match[2], match[3] or "") if match else ("", "", "")
    if name in ("alternate", "alt"):
        return f"[{'|'.join(_choices(says))}]"
    if name == "fromto" and option and len(choices := _choices(says)) == 2:
        return f"[{':'.join(choices)}:{option.strip()}]"
    if name == "break":
        return " BREAK "
    if name in ("embed", "embedding"):
        return re.split(r"[\\/]", says)[-1]
    if name in _SILENT:
        return ""
    return f"<{inside}>"


def _choices(says: str) -> list[str]:
    """The entries of a tag, divided by the rarest of its signs; a colon in one is a colon."""
    between = next((sign for sign in ("||", "|", ",") if sign in says), ",")
    entries = (entry.strip() for entry in says.split(between))
    return [e if "(" in e or "[" in e else e.replace(":", "\\:") for e in entries]
