"""A ComfyUI graph: nodes by their ids, links to outputs, and the text behind a link.

`prompt` is `{id: {"class_type": ..., "inputs": {...}}}`, where an input is a value or a link,
`[id of a node, number of its output]`. Nodes are known by the names of their inputs rather than by
their classes, since people add thousands of those; what an output is called stands in `workflow`,
where that was saved as well. The graph is anybody's: all walks together follow `MAX_WALK` links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

MAX_NODES = 10_000
MAX_WALK = 1_000
MAX_DEPTH = 100  # of texts made of texts

TEXTS = ("text", "text_g", "text_l", "t5xxl", "clip_g", "clip_l", "prompt", "string", "value")
_POPULATED = ("populated_text", "populated", "text_0", "text2", "output_text")
_DELIMITERS = ("delimiter", "separator", "delim", "sep")
PIPES = ("pipe", "basic_pipe", "context", "base_ctx", "ctx", "sdxl_pipe", "sdxl_tuple")
_SELECTORS = ("select", "index", "input", "selected", "switch", "choice", "boolean", "condition")
_BRANCHES = (("on_true", "on_false"), ("if_true", "if_false"), ("tt_value", "ff_value"))
_PART = re.compile(r"(?:text|string|str|prompt)_?(?:[a-f]|\d{1,2})", re.IGNORECASE)
_NUMBERED = re.compile(r".*?_?0*(\d{1,3})")
# These two give conditioning at output 0 and its opposite at 1, whatever is linked to them.
_PAIRED = re.compile(r"ControlNetApply(Advanced|SD3)|InpaintModelConditioning|ACN_AdvancedControl")
# What comes of these is no text that anybody typed: a language model, what looks at a picture.
_WRITES = re.compile(
    r"ollama|llm|gpt|gemini|claude|openai|deepseek|caption|florence|llava|qwen.?vl|vlm|moondream|"
    r"tagger|interrogat|magicprompt|promptgen|enhance|superprompt",
    re.IGNORECASE,
)
_DRAWS = re.compile(r"random|wildcard|dynamic|^DP[A-Z]", re.IGNORECASE)
_CHOICES = re.compile(r"\{[^{}]{0,500}\||__[\w/*-]{1,100}__")

Inputs = Mapping[str, Any]
Role = Literal["positive", "negative"]
_SHORT: Mapping[Role, str] = {"positive": "pos", "negative": "neg"}
_SIGN: Mapping[Role, str] = {"positive": "+", "negative": "-"}


class Unclear(Exception):
    """The graph does not say plainly which text it is; the message is where that ends."""


class Node(NamedTuple):
    """A node's class and its inputs."""

    kind: str
    inputs: Inputs


class Graph:
    """The nodes by their ids, and how many links may still be followed."""

    def __init__(self, data: Mapping[str, Any], workflow: Mapping[str, Any] | None = None) -> None:
        self.nodes: dict[str, Node] = {}
        self.left = MAX_WALK
        self._outputs = dict(_declared(workflow or {}))
        for name, node in data.items():
            inputs = node.get("inputs") if isinstance(node, dict) else None
            if isinstance(inputs, dict):
                kind = node.get("class_type")
                self.nodes[name] = Node(kind[:100] if isinstance(kind, str) else "", inputs)

    def linked(self, value: Any) -> tuple[str, int] | None:
        """The node and the number of its output that a link leads to; None for a plain value."""
        if not (isinstance(value, list) and len(value) == 2):
            return None
        name, output = str(value[0])[:64], value[1]
        return (name, output) if name in self.nodes and isinstance(output, int) else None

    def walk(self, value: Any, along: Sequence[str]) -> Iterator[tuple[str, int]]:
        """The nodes upstream of a link along the inputs of these names, depth first, each once."""
        seen: set[str] = set()
        ahead = [value]
        while ahead and self.left > 0:
            link = self.linked(ahead.pop())
            if link is None or link[0] in seen:
                continue
            self.left -= 1
            seen.add(link[0])
            yield link
            inputs = self.nodes[link[0]].inputs
            ahead += [inputs[key] for key in reversed(along) if key in inputs]

    def upstream(self, names: Iterable[str]) -> set[str]:
        """The nodes of these names and all that flows into them."""
        seen: set[str] = set()
        ahead = list(names)
        while ahead:
            if (name := ahead.pop()) in seen:
                continue
            seen.add(name)
            links = (self.linked(value) for value in self.nodes[name].inputs.values())
            ahead += [link[0] for link in links if link]
        return seen

    def value(self, inputs: Inputs, *keys: str) -> Any:
        """The first plain value under these keys; where it is a link, what the node there holds."""
        for key in keys:
            value = inputs.get(key)
            for name, _ in self.walk(value, (*keys, *TEXTS)):
                found = _plain(self.nodes[name].inputs, (*keys, *TEXTS))
                if found is not None:
                    return found
            if value is not None and self.linked(value) is None:
                return value
        return None

    def text(self, value: Any, role: Role, depth: int = 0) -> str:
        """The text that flows into a conditioning, as it was typed or drawn.

        Raises Unclear where that cannot be told.
        """
        link = self.linked(value)
        if link is None:
            return str(value) if isinstance(value, str | int | float) else ""
        node = self.nodes[link[0]]
        self.left -= 1
        if self.left <= 0 or depth > MAX_DEPTH:
            raise Unclear("too many nodes")
        if "zeroout" in node.kind.lower().replace("_", "").replace(" ", ""):
            return ""
        role = self._role_of(link, role)
        followed = [self.text(part, role, depth + 1) for part in self._sources(node, role)]
        if "replace" in node.kind.lower():
            return _replaced(node, followed)
        return _joined(node, followed)

    def _role_of(self, link: tuple[str, int], role: Role) -> Role:
        """What an output is declared to be, or else what it is used for."""
        name, output = link
        names = self._outputs.get(name, ())
        if _PAIRED.match(self.nodes[name].kind) and output in (0, 1):
            return "negative" if output else "positive"
        declared = names[output].lower() if 0 <= output < len(names) else ""
        for other in _SHORT:
            if _SHORT[other] in declared or declared.endswith(_SIGN[other]):
                return other
        return role

    def _sources(self, node: Node, role: Role) -> list[Any]:
        """The inputs of a node whose texts make up its own."""
        inputs = node.inputs
        for key in _POPULATED:
            if isinstance(inputs.get(key), str) and inputs[key].strip():
                return [inputs[key]]
        typed = [value for value in inputs.values() if isinstance(value, str)]
        is_drawn = _DRAWS.search(node.kind) and any(map(_CHOICES.search, typed))
        if is_drawn or _WRITES.search(node.kind):
            raise Unclear(f"a node {node.kind!r}")
        if (chosen := self._chosen(node)) is not None:
            return [chosen]
        usable = {key: value for key, value in inputs.items() if _may_lead_to_text(value)}
        mine = [value for key, value in usable.items() if _is_of(key, role)]
        if mine:
            return mine
        parts = [value for key, value in usable.items() if _PART.fullmatch(key)]
        if len(parts) >= 2:
            return parts
        found = [usable[key] for key in TEXTS if key in usable]
        found += [value for key, value in usable.items() if key.startswith("conditioning")]
        found = found or [usable[key] for key in usable if key.lower() in PIPES]
        links = [value for value in inputs.values() if self.linked(value)]
        if not found and len(links) == 1 and not any(isinstance(v, str) for v in inputs.values()):
            found = links  # a reroute, or whatever passes on what it is given
        if not found:
            raise Unclear(f"a node {node.kind!r}")
        return found

    def _chosen(self, node: Node) -> Any:
        """What a switch lets through; None for what is no switch."""
        inputs = node.inputs
        if "any switch" in node.kind.lower():
            linked = sorted(key for key, value in inputs.items() if self.linked(value))
            return inputs[linked[0]] if linked else None
        selector = next((key for key in inputs if key.lower() in _SELECTORS), None)
        if selector is None:
            return None
        choice = self.value(inputs, selector)
        for yes, no in _BRANCHES:
            if yes in inputs and no in inputs and isinstance(choice, bool):
                return inputs[yes if choice else no]
        numbered = {
            int(match[1]): value
            for key, value in inputs.items()
            if key != selector and (match := _NUMBERED.fullmatch(key)) and _may_lead_to_text(value)
        }
        if len(numbered) < 2:
            return None
        if isinstance(choice, bool) or choice not in numbered:
            raise Unclear(f"the switch {node.kind!r}")
        return numbered[choice]


def _may_lead_to_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and len(value) == 2)


def _is_of(key: str, role: Role) -> bool:
    words = re.split(r"[\W_]+", key.lower())
    return role in words or _SHORT[role] in words


def _joined(node: Node, texts: list[str]) -> str:
    """Texts as a node puts them together; those of encoders by commas."""
    parts = list(dict.fromkeys(text for text in texts if text.strip()))
    given = next((node.inputs[key] for key in _DELIMITERS if key in node.inputs), ", ")
    delimiter = given[:20].replace("\\n", "\n") if isinstance(given, str) else ", "
    return delimiter.join(parts)


def _replaced(node: Node, texts: list[str]) -> str:
    find, by = node.inputs.get("find"), node.inputs.get("replace")
    if not (isinstance(find, str) and isinstance(by, str) and len(texts) == 1 and find):
        raise Unclear(f"a node {node.kind!r}")
    return texts[0].replace(find, by)[:100_000]


def _plain(inputs: Inputs, keys: Sequence[str]) -> Any:
    plain = (inputs[key] for key in (*keys, "seed", "int", "float") if key in inputs)
    return next((value for value in plain if isinstance(value, int | float | str)), None)


def _declared(workflow: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(id of a node, names of its outputs); a subgraph's nodes are called "ID:ID"."""
    inner: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    definitions = workflow.get("definitions")
    subgraphs = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    for subgraph in subgraphs[:100] if isinstance(subgraphs, list) else ():
        if isinstance(subgraph, dict):
            inner[str(subgraph.get("id"))] = list(_outputs(subgraph))
    yield from _outputs(workflow)
    for node in _nodes(workflow):
        for name, names in inner.get(str(node.get("type")), ()):
            yield f"{node.get('id')}:{name}", names


def _outputs(workflow: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in _nodes(workflow):
        outputs = node.get("outputs")
        named = [out if isinstance(out, dict) else {} for out in outputs or ()][:100]
        yield str(node.get("id")), tuple(str(out.get("name", ""))[:64] for out in named)


def _nodes(workflow: Mapping[str, Any]) -> list[dict[str, Any]]:
    nodes = workflow.get("nodes")
    listed = nodes[:MAX_NODES] if isinstance(nodes, list) else []
    return [
        node
        for node in listed
        if isinstance(node, dict) and isinstance(node.get("outputs"), list | None)
    ]
