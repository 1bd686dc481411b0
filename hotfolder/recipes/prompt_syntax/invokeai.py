"""InvokeAI's prompts in our terms: the syntax of the library compel.

`word++`, `(some words)-` and `(some words)1.3` say weights: each + is 1.1 times, each - is 0.9
times. Parentheses alone group and mean nothing, a square bracket is one. `("a", "b").and()` reads
prompts one after another; `.blend()` mixes what they say, which comes nearest to our AND. Of
`cat.swap(dog)` the dog is what is seen. Source: "Prompting" in InvokeAI's and compel's
documentation.
"""

from __future__ import annotations

import re

from hotfolder.recipes.prompt_syntax.tree import DEEPEST

_SUFFIX = r"(\+{1,20}|-{1,20}|\d{1,3}(?:\.\d{0,6})?|\.\d{1,6})?"
_TOKEN = re.compile(
    rf"""
    \\. | (\() | (\)){_SUFFIX}
    | ([\w'\u2019]{{1,100}}(?:-[\w'\u2019]{{1,100}}){{0,9}})(\+{{1,20}}|-{{1,20}})(?![\w+-])
    | \w+ | [^\w\\()] | \\
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_SEVERAL = re.compile(
    rf"\s*\(\s*{_TEXT}(?:\s*,\s*{_TEXT})*\s*\)\s*\.(and|blend)\(([\s\d.,-]*)\)\s*", re.DOTALL
)
_SWAP = re.compile(r"(?:\([^()]{0,200}\)|[\w'\u2019-]{1,100})\.swap\(([^()]{0,200})\)")


def ours(text: str) -> str:
    """The prompt as our grammar has it."""
    if match := _SEVERAL.fullmatch(text):
        listed = text[: match.start(3)]
        texts = [_weighted(one[1]) for one in re.finditer(_TEXT, listed)]
        if match[3] == "and":
            return " BREAK ".join(texts)
        weights = [one.strip() or "1" for one in match[4].split(",")]
        weights += ["1"] * len(texts)
        return " AND ".join(f"{one} :{w}" for one, w in zip(texts, weights, strict=False))
    return _weighted(text)


def _weighted(text: str) -> str:
    """A prompt of words, weights and groups as ours."""
    opened: list[list[str]] = [[]]
    for match in _TOKEN.finditer(_SWAP.sub(lambda swap: swap[1].strip("\"' "), text)):
        sign, begins, ends, weight, word, signs = match[0], *match.groups()
        if begins and len(opened) <= DEEPEST:
            opened.append([])
        elif ends and len(opened) > 1:
            inside = "".join(opened.pop())
            opened[-1].append(_group(inside, weight or ""))
        elif word:
            opened[-1].append(_group(word, signs))
        else:
            opened[-1].append(f"\\{sign}" if sign in "()[]" else sign)
    while len(opened) > 1:
        unclosed = "\\(" + "".join(opened.pop())
        opened[-1].append(unclosed)
    return "".join(opened[0])


def _group(inside: str, says: str) -> str:
    """`inside` with the weight that its + and -, or its number, say."""
    if not says:
        return inside
    weight = 1.1 ** len(says) if says[0] == "+" else 0.9 ** len(says)
    if says[0] not in "+-":
        weight = float(says)
    return inside if weight == 1.0 else f"({inside}:{weight:.4g})"
