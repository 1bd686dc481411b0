r"""A text -> the tree of a prompt.

    text     parts joined by the word AND, each with a weight at its end if there are several
    part     words and these, within one another
    (x)      x counts 1.1 times; (x:1.5) so many times; [x] is divided by 1.1
    [a:b:n]  a becomes b after n steps, or after that share of them if n has a point; [b:n] begins
             with nothing, [a::n] ends with nothing
    [a|b|c]  another one at each step, in turn
    BREAK    what follows begins a new chunk of the text encoder
    \(       a bracket that is one; so are \) \[ \] \: \| and \\

A bracket without its partner counts to the end of the text. Edits and alternations need theirs, and
all brackets in them as well; otherwise their signs are text. Source: the page "Features" of the
wiki of AUTOMATIC1111/stable-diffusion-webui, and the examples beside its parser.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from hotfolder.recipes.prompt_syntax.tree import (
    DEEPEST,
    MOST_NODES,
    MOST_PARTS,
    MOST_WEIGHT,
    Alternate,
    Break,
    Edit,
    Node,
    Part,
    Words,
)

_MORE = 1.1
_TOKEN = re.compile(
    r"""
    \\(?P<escaped>[()\[\]:|\\])
    | :\s*(?P<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)
    | (?P<sign>[()\[\]:|])
    | [^\\()\[\]:|]+ | \\
    """,
    re.VERBOSE,
)
_AND = re.compile(r"\bAND\b")
_BREAK = re.compile(r"\bBREAK\b")
_PART_WEIGHT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_WHEN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(slots=True)
class _Token:
    """A piece of the text. `sign` is "" for words, and ":)" for the end of a weighted group.

    `says` is what it is as words, `written` how it stands in the text.
    """

    written: str
    says: str
    sign: str = ""
    weight: float = _MORE


@dataclass(slots=True)
class _Group:
    """A bracket and its partner: `end` is the place of that; `between` those of : and | in it."""

    end: int
    between: list[int]


@dataclass(slots=True)
class _Leaf:
    """Words whose weight is still being worked out."""

    text: str
    weight: float = 1.0


@dataclass(slots=True)
class _Choice:
    """An edit or an alternation, of leaves that are being worked out."""

    branches: list[list[_Leaf | _Choice | Break]]
    steps: int | None  # None: an alternation


@dataclass(slots=True)
class _Reader:
    """One walk over the tokens of a text that is drawn in `steps` steps."""

    tokens: list[_Token]
    groups: dict[int, _Group]
    steps: int
    weighted: bool
    leaves: list[_Leaf] = field(default_factory=list)
    round: list[int] = field(default_factory=list)
    square: list[int] = field(default_factory=list)
    nodes: int = 0

    def read(self, begin: int, end: int) -> list[_Leaf | _Choice | Break]:
        """The nodes of the tokens from `begin` up to `end`."""
        found: list[_Leaf | _Choice | Break] = []
        at = begin
        while at < end:
            group = self.groups.get(at)
            choice = self._choice(at, group) if group else None
            if choice is not None and group is not None:
                found.append(choice)
                self.nodes += 1
                at = group.end
            elif not (self.weighted and self._weigh(self.tokens[at])):
                token = self.tokens[at]
                self._say(token.says if self.weighted else token.written, found)
            at += 1
        return found

    def close(self) -> None:
        """Brackets that are open at the end count up to there."""
        for begin in self.round:
            self._multiply(begin, _MORE)
        for begin in self.square:
            self._multiply(begin, 1 / _MORE)

    def _choice(self, at: int, group: _Group) -> _Choice | None:
        """The edit or alternation that begins at this bracket, if it is one."""
        bars, colons = (
            [place for place in group.between if self.tokens[place].sign == sign] for sign in "|:"
        )
        when = self.tokens[group.end - 1].says.strip()
        if 1 <= len(colons) <= 2 and group.end - colons[-1] == 2 and _WHEN.fullmatch(when):
            branches = self._branches([at, *colons])
            return _Choice([[], *branches][-2:], _steps(when, self.steps))
        return _Choice(self._branches([at, *bars, group.end]), None) if bars else None

    def _branches(self, places: list[int]) -> list[list[_Leaf | _Choice | Break]]:
        """What stands between these places."""
        return [self.read(a + 1, b) for a, b in pairwise(places)]

    def _weigh(self, token: _Token) -> bool:
        """Whether a token is a bracket of attention; if so, it has its effect."""
        if token.sign in ("(", "["):
            opened = self.round if token.sign == "(" else self.square
            if len(opened) == DEEPEST:
                return False
            opened.append(len(self.leaves))
        elif token.sign in (")", ":)") and self.round:
            self._multiply(self.round.pop(), token.weight)
        elif token.sign == "]" and self.square:
            self._multiply(self.square.pop(), 1 / _MORE)
        else:
            return False
        return True

    def _multiply(self, begin: int, weight: float) -> None:
        for leaf in self.leaves[begin:]:
            leaf.weight *= weight

    def _say(self, text: str, found: list[_Leaf | _Choice | Break]) -> None:
        """Add words, and a break for each BREAK among them."""
        pieces = _BREAK.split(text)
        for number, piece in enumerate(pieces):
            if number:
                found.append(Break())
                piece = piece.lstrip()  # noqa: PLW2901
            if number < len(pieces) - 1:
                piece = piece.rstrip()  # noqa: PLW2901
            if piece:
                leaf = _Leaf(piece)
                self.leaves.append(leaf)
                found.append(leaf)
            self.nodes += 1


def parts(text: str, steps: int, weighted: bool = True) -> tuple[Part, ...]:
    """The prompts that are joined by AND in `text`; at least one.

    The picture is drawn in `steps` steps. Where nothing is `weighted`, brackets of attention and
    backslashes are text.
    """
    written = _AND.split(text, maxsplit=MOST_PARTS - 1)
    if len(written) == 1:
        return (Part(nodes(text, steps, weighted)),)
    found = [_part(one) for one in written]
    return tuple(Part(nodes(words, steps, weighted), weight) for words, weight in found)


def nodes(text: str, steps: int, weighted: bool = True) -> tuple[Node, ...]:
    """The nodes of a text in which AND has no meaning; see `parts`."""
    tokens = [_token(match) for match in _TOKEN.finditer(text)]
    reader = _Reader(tokens, _groups(tokens), steps, weighted)
    found = reader.read(0, len(tokens))
    reader.close()
    if reader.nodes > MOST_NODES:
        return (Words(text),)
    return _finished(found)


def _part(text: str) -> tuple[str, float]:
    """The words and the weight of one of several parts."""
    words, colon, number = text.rstrip().rpartition(":")
    if colon and _PART_WEIGHT.fullmatch(number.strip()):
        return words.rstrip(), _bounded(float(number))
    return text.rstrip(), 1.0


def _token(match: re.Match[str]) -> _Token:
    written = match[0]
    if match["escaped"]:
        return _Token(written, match["escaped"])
    if match["weight"]:
        return _Token(written, written, ":)", float(match["weight"]))
    return _Token(written, written, match["sign"] or "")


def _groups(tokens: list[_Token]) -> dict[int, _Group]:
    """The square brackets with a partner in which all other brackets have theirs."""
    found: dict[int, _Group] = {}
    opened: list[tuple[int, str, list[int]]] = []
    astray: list[bool] = []  # whether a bracket without a partner lies in each
    for at, token in enumerate(tokens):
        if token.sign in ("(", "["):
            if len(opened) < DEEPEST:
                opened.append((at, token.sign, []))
                astray.append(False)
            elif opened:
                astray[-1] = True
        elif token.sign in (":", "|") and opened:
            opened[-1][2].append(at)
        elif token.sign in (")", ":)", "]") and opened:
            begin, sign, between = opened[-1]
            if (sign == "[") != (token.sign == "]"):
                astray[-1] = True
                continue
            opened.pop()
            if astray.pop():
                astray[-1:] = [True] * min(1, len(astray))
            elif sign == "[":
                found[begin] = _Group(at, between)
    return found


def _steps(when: str, steps: int) -> int:
    """After how many of `steps` steps: a number with a point is a share of them."""
    number = float(when) * (steps if "." in when else 1)
    return int(min(max(number, 0.0), steps))


def _finished(found: list[_Leaf | _Choice | Break]) -> tuple[Node, ...]:
    """The nodes with their weights; neighbours of one weight are joined."""
    made: list[Node] = []
    for item in _joined(found):
        if isinstance(item, Break):
            made.append(item)
        elif isinstance(item, _Choice):
            branches = tuple(_finished(branch) for branch in item.branches)
            if item.steps is None:
                made.append(Alternate(branches))
            else:
                made.append(Edit(branches[0], branches[1], item.steps))
        else:
            made.append(Words(item.text, item.weight))
    return tuple(made)


def _joined(found: list[_Leaf | _Choice | Break]) -> Iterator[_Leaf | _Choice | Break]:
    """The same with bounded weights, and with neighbours of one weight as one."""
    for weight, items in groupby(found, _weight_of):
        if weight is None:
            yield from items
        else:
            yield _Leaf("".join(item.text for item in items if isinstance(item, _Leaf)), weight)


def _weight_of(item: _Leaf | _Choice | Break) -> float | None:
    return _bounded(item.weight) if isinstance(item, _Leaf) else None


def _bounded(weight: float) -> float:
    """`weight` as a recipe can have it."""
    if not math.isfinite(weight):
        return math.copysign(MOST_WEIGHT, weight) if weight == weight else 1.0
    return min(max(weight, -MOST_WEIGHT), MOST_WEIGHT) + 0.0
