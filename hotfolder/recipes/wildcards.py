"""Templates: `{a|b}`, weights, counts, variables and `__word lists__`, drawn by a seed.

dynamicprompts reads the grammar; the drawing is here, with the draws that its random generator
makes, because templates come from a shared folder: nothing in them is evaluated, and whatever is
written there ends soon. What cannot be read, or does not end, is used as it is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from random import Random
from typing import Any

from hotfolder.errors import Mistake, did_you_mean
from hotfolder.recipes.recipe import MAX_TEXT

MAX_TEMPLATE = 16_384
MAX_SIGNS = 2_500
MAX_NESTING = 10
MAX_DRAWS = 2_000
MAX_DEPTH = 60
MAX_CHAIN = 20
MAX_COMPARISONS = 2_000_000

_DEEPEST = 32  # folders of a word list's name
_MOST_NAMES = 100_000  # that patterns are compared with
_PATTERN = re.compile(r"[*?\[]")
_ACTIVE = re.compile(r"[{$%]|__")
_SIGNS = re.compile(r"[{|}$%]|__")
_WEIGHT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)::(?=.*\S)")
_LIST = re.compile(r"__[~!@]?((?:(?!__)[^(${}\s,])(?:(?!__)[^(${},\n])*)(?:\([^)]*\))?__")
_ASSIGNED = re.compile(r"\$\{\s*([A-Za-z_-][\w-]*)\s*\??=")
_SQUARE = re.compile(r"\[[^\[\]{}]*\]")  # a | in there alternates steps and divides no choices
_ANGLES = re.compile(r"<\w+:[^<>]*>")
# Noncharacters of Unicode, which no text contains, stand in for what the grammar would swallow.
_RESERVED = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6"
_HASH, _SLASH, _PERCENT, _DOLLAR, _LOW, _TAB, _BAR = tuple(_RESERVED)
_RESTORED = str.maketrans(dict(zip(_RESERVED, "#/%$_\t|", strict=True)))


class _UnusableError(Exception):
    """The template cannot be drawn from; says why in half a sentence."""


def expand(template: str, seed: int, words: Mapping[str, Sequence[str]]) -> str:
    """The text that `template` becomes for `seed`; `words` maps each list's name to its lines.

    The same seed gives the same text, in every process. A template that cannot be read or grows
    without end comes back as it is written, and `notes` says why.
    """
    try:
        return _expanded(template, seed, words)
    except _UnusableError:
        return template


def notes(template: str, words: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One sentence if `template` is used as it is written although it looks like a template."""
    try:
        _expanded(template, 0, words)
    except _UnusableError as reason:
        return (f"the prompt is used as it is written: {reason}",)
    return ()


def mistakes(template: str, words: Mapping[str, Sequence[str]]) -> tuple[Mistake, ...]:
    """Everything in a template that the owner's word lists cannot satisfy.

    Unknown and empty lists, lists that name each other in a circle, unknown variables.
    """
    try:
        tree = _tree(_ANGLES.sub("", template))
    except _UnusableError:
        return ()
    lists = _Lists(words)
    found: list[Mistake] = []
    reached: dict[str, None] = {}
    try:
        for name in dict.fromkeys(_names(tree)):
            found += _reach(name, lists, reached, ())
    except _UnusableError:
        return ()
    written = [template, *(line for name in reached for line in words[name] if "${" in line)]
    assigned = {name for text in written for name in _ASSIGNED.findall(text)}
    assigned |= {name for command in _walk(tree) for name in getattr(command, "variables", ())}
    for name in dict.fromkeys(_variables(tree)):
        if name not in assigned:
            hint = f"; {did_you_mean(name, assigned)}" if assigned else ""
            says = f"this variable has no value; give it one before, as in ${{{name}=red}}{hint}"
            found.append(Mistake(f"${{{name}}}", says))
    return tuple(dict.fromkeys(found))


class _Lists:
    """The word lists by name or pattern; looked up once each."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self.words = words
        self._names = {unicodedata.normalize("NFC", name): name for name in words}
        self._below: dict[str, list[str]] = defaultdict(list)  # by each end of a name
        for name, kept in self._names.items():
            parts = name.split("/")
            for first in range(1, min(len(parts), _DEEPEST)):
                self._below["/".join(parts[first:])].append(kept)
        self._found: dict[str, list[str]] = {}
        self._compared = 0

    def names(self, pattern: str) -> list[str]:
        """The lists that `pattern` means; a bare name also finds a list in a subfolder."""
        wanted = re.sub(r"[\\/]+", "/", unicodedata.normalize("NFC", pattern)).strip("/")
        if wanted in self._names:
            return [self._names[wanted]]
        if not _PATTERN.search(wanted):
            return self._below.get(wanted, [])
        for tried in [wanted, f"**/{wanted}"]:
            self._compared += len(self._names)
            if self._compared > _MOST_NAMES:
                raise _UnusableError("it has too many patterns for the names of word lists")
            if fits := [kept for name, kept in self._names.items() if fnmatchcase(name, tried)]:
                return fits
        return []

    def lines(self, pattern: str) -> list[str]:
        """The lines of all these lists, each once and sorted, as dynamicprompts has them."""
        if pattern not in self._found:
            lines = {line for name in self.names(pattern) for line in self.words[name]}
            self._found[pattern] = sorted(lines)
        return self._found[pattern]


class _Drawing:
    """One walk through a template: the state of the generator, and what was spent so far."""

    def __init__(self, seed: int, words: Mapping[str, Sequence[str]]) -> None:
        self.rand = Random(seed)  # noqa: S311 - it decides a picture, not a secret
        self.lists = _Lists(words)
        self.draws = 0

    def text(self, command: Any, variables: Mapping[str, Any], depth: int = 0) -> str:
        """What `command` becomes; raises _UnusableError where it goes on too long."""
        self.draws += 1
        if self.draws > MAX_DRAWS or depth > MAX_DEPTH:
            raise _UnusableError("its choices and word lists lead to more choices without end")
        kind = type(command).__name__
        if kind == "LiteralCommand":
            drawn = str(command.literal)
        elif kind == "SequenceCommand":
            drawn = self._sequence(command, variables, depth + 1)
        elif kind == "VariantCommand":
            drawn = self._variant(command, variables, depth + 1)
        elif kind == "WildcardCommand":
            drawn = self._wildcard(command, variables, depth + 1)
        elif kind == "VariableAccessCommand":
            drawn = self._variable(command, variables, depth + 1)
        elif kind == "WrapCommand":
            drawn = self._wrap(command, variables, depth + 1)
        else:  # an assignment alone says nothing
            drawn = ""
        if len(drawn) > MAX_TEXT:
            raise _UnusableError(f"it grows beyond {MAX_TEXT:,} characters")
        return drawn

    def _sequence(self, command: Any, variables: Mapping[str, Any], depth: int) -> str:
        given = dict(variables)
        spoken = []
        for token in command.tokens:
            if type(token).__name__ != "VariableAssignmentCommand":
                spoken.append(token)
            elif token.overwrite or token.name not in variables:
                value = token.value
                drawn = self.text(value, variables, depth) if token.immediate else None
                given[token.name] = value if drawn is None else _literal(drawn)
        return "".join([self.text(token, given, depth) for token in spoken])

    def _variant(self, command: Any, variables: Mapping[str, Any], depth: int) -> str:
        options = [option.value for option in command.variants]
        weights = [option.weight for option in command.variants]
        if len(options) == 1:
            if type(options[0]).__name__ != "WildcardCommand":
                return self.text(options[0], variables, depth)
            variables = {**variables, **options[0].variables}
            lines = self.lists.lines(self._name(options[0], variables, depth))
            if not lines:
                return self.text(options[0], variables, depth)
            weights, options = map(list, zip(*map(_weighed, lines), strict=True))
        most = min(command.max_bound, len(options))
        count = self.rand.randint(min(command.min_bound, most), most)
        chosen = self._chosen(options, weights, count)
        drawn = [
            self.text(_line(option) if isinstance(option, str) else option, variables, depth)
            for option in chosen
        ]
        if len(drawn) == 1:
            return drawn[0]
        between = str(command.separator)
        return between.join(drawn).removeprefix(between).removesuffix(between)

    def _chosen(self, options: list[Any], weights: list[float], count: int) -> list[Any]:
        if count * len(options) > MAX_COMPARISONS:
            raise _UnusableError("it asks for too many choices at once")
        chosen = []
        for _ in range(count):
            spread = weights if any(weights) else None
            index = self.rand.choices(range(len(options)), weights=spread)[0]
            chosen.append(options.pop(index))
            weights.pop(index)
        return chosen

    def _wildcard(self, command: Any, variables: Mapping[str, Any], depth: int) -> str:
        name = self._name(command, variables, depth)
        lines = self.lists.lines(name)
        if not lines:
            return f"__{name}__"
        given = {**variables, **command.variables}
        weights, words = zip(*map(_weighed, lines), strict=True)
        if len(set(weights)) == 1 or not any(weights):
            word = self.rand.choice(words)
        else:
            word = self.rand.choices(words, weights)[0]
        return self.text(_line(word), given, depth)

    def _name(self, command: Any, variables: Mapping[str, Any], depth: int) -> str:
        named = command.wildcard
        name = named if isinstance(named, str) else self.text(named, variables, depth)
        return name.translate(_RESTORED)

    def _variable(self, command: Any, variables: Mapping[str, Any], depth: int) -> str:
        value = variables.get(command.name, command.default)
        if value is None:
            raise _UnusableError(f"the variable ${{{command.name}}} has no value")
        return self.text(value, variables, depth)

    def _wrap(self, command: Any, variables: Mapping[str, Any], depth: int) -> str:
        from dynamicprompts.commands.wrap_command import split_wrapper_string

        around = self.text(command.wrapper, variables, depth)
        inner = self.text(command.inner, variables, depth)
        before, after = split_wrapper_string(around)
        return f"{before}{inner}{after}"


def _expanded(template: str, seed: int, words: Mapping[str, Sequence[str]]) -> str:
    if not _ACTIVE.search(template):
        return template
    return _Drawing(seed, words).text(_tree(template), {}).translate(_RESTORED)


@lru_cache(maxsize=1024)
def _read(text: str) -> Any:
    """The parsed template, or the half-sentence that says why it cannot be read."""
    if any(character in text for character in _RESERVED):
        return "it contains characters that Unicode reserves for programs"
    if len(text) > MAX_TEMPLATE:
        return f"a template has at most {MAX_TEMPLATE:,} characters"
    if len(_SIGNS.findall(text)) > MAX_SIGNS:
        return f"a template has at most {MAX_SIGNS:,} of the signs {{ | }} __ $ and %"
    depth, deepest = _nesting(text)
    if depth:
        return 'a "{" has no "}"'
    if deepest > MAX_NESTING:
        return f"its braces are nested more than {MAX_NESTING} deep"
    from dynamicprompts.parser.parse import parse

    try:
        return parse(_escaped(text))
    except Exception:  # a foreign parser over a stranger's text: whatever it raises, we go on
        return "its { }, $ or __ cannot be read as choices"


def _tree(text: str) -> Any:
    """The parsed template; text that asks for nothing is not parsed at all."""
    if not _ACTIVE.search(text):
        return _literal(text)
    read = _read(text)
    if isinstance(read, str):
        raise _UnusableError(read)
    return read


def _weighed(line: str) -> tuple[float, str]:
    """How often a line of a word list is drawn, `3::red`, and the line without that."""
    match = _WEIGHT.match(line)
    return (float(match[1]), line[match.end() :].lstrip()) if match else (1.0, line)


def _line(text: str) -> Any:
    """The parsed line of a word list; one that cannot be read stands for itself."""
    try:
        return _tree(text)
    except _UnusableError:
        return _literal(text)


def _literal(text: str) -> Any:
    from dynamicprompts.commands import LiteralCommand

    return LiteralCommand(text)


def _nesting(text: str) -> tuple[int, int]:
    """How many braces stay open at the end, and how deep they go."""
    depth = deepest = 0
    for brace in re.findall(r"[{}]", text):
        depth = depth + 1 if brace == "{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return depth, deepest


def _escaped(text: str) -> str:
    """`text` with stand-ins for comments, tabs and stray signs, which would be lost or refused."""
    if len(re.findall("__", text)) % 2:
        inside = [match.start() for match in re.finditer(r"(?<=[^\W_])__(?=[^\W_])", text)]
        start = inside[-1] if inside else text.rindex("__")
        text = text[:start] + _LOW * 2 + text[start + 2 :]
    text = _SQUARE.sub(lambda match: match[0].replace("|", _BAR), text)
    text = text.replace("#", _HASH).replace("\t", _TAB)
    text = re.sub(r"/(?=[/*])", _SLASH, text)
    text = re.sub(r"%(?!\{)", _PERCENT, text)
    depth = 0
    signs = []
    for sign in re.findall(r"\$\$|\$\{|[${}]|[^${}]+", text):
        if sign in ("{", "${"):
            depth += 1
        elif sign == "}":
            depth = max(0, depth - 1)
        stray = sign == "$" or (sign == "$$" and not depth)
        signs.append(_DOLLAR * len(sign) if stray else sign)
    return "".join(signs)


def _walk(command: Any) -> Iterator[Any]:
    """`command` and all that it is made of."""
    yield command
    below = [*getattr(command, "tokens", ()), *getattr(command, "values", ())]
    below += [getattr(command, part, None) for part in ("value", "default", "wrapper", "inner")]
    for part in below:
        if part is not None:
            yield from _walk(part)


def _names(tree: Any) -> Iterator[str]:
    """The word lists that a template names outright."""
    for command in _walk(tree):
        name = getattr(command, "wildcard", None)
        if isinstance(name, str):
            name = name.translate(_RESTORED)
            if _LIST.fullmatch(f"__{name}__") and name == name.strip():
                yield name


def _variables(tree: Any) -> Iterator[str]:
    """The variables that a template uses without a default."""
    for command in _walk(tree):
        if type(command).__name__ == "VariableAccessCommand" and command.default is None:
            yield command.name


def _reach(
    name: str, lists: _Lists, reached: dict[str, None], above: tuple[str, ...]
) -> list[Mistake]:
    """What is wrong with the list `name` and with those that its lines name."""
    where = f"__{name}__"
    inside = f" (named in the word list {above[-1]!r})" if above else ""
    fits = lists.names(name)
    if not fits:
        hint = f"; {did_you_mean(name, lists.words)}" if lists.words else ""
        says = f"there is no word list wildcards/{name}.txt{inside}{hint}"
        return [Mistake(where, says, lacks=True)]
    if not lists.lines(name):
        return [Mistake(where, f"the word list wildcards/{fits[0]}.txt is empty{inside}")]
    found: list[Mistake] = []
    for fit in fits:
        if fit in above:
            circle = " -> ".join([*above[above.index(fit) :], fit])
            found.append(Mistake(where, f"word lists name each other in a circle: {circle}"))
        elif len(above) > MAX_CHAIN:
            found.append(Mistake(where, f"word lists name one another more than {MAX_CHAIN} deep"))
        elif fit not in reached:
            reached[fit] = None
            named = dict.fromkeys(
                below.strip() for line in lists.words[fit] for below in _LIST.findall(line)
            )
            for below in named:
                found += _reach(below, lists, reached, (*above, fit))
    return found
