"""What of a tree holds at a denoising step."""

from __future__ import annotations

from collections.abc import Iterator

from hotfolder.recipes.prompt_syntax.tree import Alternate, Break, Edit, Node, Words, walk

LAST = 1_000_000  # a step after all others
Said = tuple[Words | Break, ...]


def at_step(nodes: tuple[Node, ...], step: int) -> Said:
    """The words of step number `step` (from 1); neighbours of one weight are joined."""
    said: list[Words | Break] = []
    for item in _flat(nodes, step):
        last = said[-1] if said else None
        if isinstance(item, Words) and isinstance(last, Words) and item.weight == last.weight:
            said[-1] = Words(last.text + item.text, item.weight)
        elif item != Words("", getattr(item, "weight", 1.0)):
            said.append(item)
    return tuple(said)


def phases(nodes: tuple[Node, ...], steps: int) -> tuple[tuple[int, Said], ...]:
    """Each state of a prompt that is drawn in `steps` steps, with the last step that it holds."""
    changes: set[int] = {steps}
    for node in walk(nodes):
        if isinstance(node, Edit):
            changes.add(node.steps)
        elif isinstance(node, Alternate):
            changes.update(range(1, steps + 1))
    ends = sorted(end for end in changes if 1 <= end <= steps)
    return tuple((end, at_step(nodes, end)) for end in ends)


def is_still(nodes: tuple[Node, ...]) -> bool:
    """Whether a prompt is the same at all steps."""
    return all(isinstance(node, Words | Break) for node in nodes)


def plain(nodes: tuple[Node, ...]) -> str:
    """The bare words, as they are at the end: for readers that know neither weights nor steps."""
    said = at_step(nodes, LAST)
    return "".join(item.text if isinstance(item, Words) else " " for item in said).strip()


def _flat(nodes: tuple[Node, ...], step: int) -> Iterator[Words | Break]:
    for node in nodes:
        if isinstance(node, Edit):
            yield from _flat(node.before if step <= node.steps else node.after, step)
        elif isinstance(node, Alternate):
            yield from _flat(node.options[(step - 1) % len(node.options)], step)
        else:
            yield node
