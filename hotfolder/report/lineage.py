"""A picture's recipe and what it was made from, as a tree of words."""

from __future__ import annotations

from collections.abc import Sequence

from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record

Tree = tuple[str, Sequence["Tree"]]


def tree(title: str, recipe: Recipe, record: Record, edited: bool, carrier: str = "") -> list[str]:
    """The lineage of one picture in lines, the picture itself at the root.

    `carrier` is where in its file that was read.
    """
    note = "edited after it was made: its pixels are not the recorded ones"
    first: list[Tree] = [(note, ())] if edited else []
    said = [*_lines(recipe), *_record_lines(record), *_read_from(carrier)]
    branches = [*first, *_leaves(said), *_source(recipe)]
    return [title, *_drawn(branches, "")]


def _source(recipe: Recipe) -> list[Tree]:
    source = recipe.source
    if source is None:
        return []
    if isinstance(source, Pixels):
        return [(f"made from a picture of {source.width}x{source.height} from elsewhere", ())]
    kind = "draft" if source.source is None else "picture"
    seen = f", as its {recipe.source_encoding} shows it" if recipe.source_encoding else ""
    return [
        (f"made from {kind} {source.id[:8]}{seen}", [*_leaves(_lines(source)), *_source(source)])
    ]


def _read_from(carrier: str) -> list[str]:
    return [f"read from  its {carrier}"] if carrier else []


def _drawn(branches: Sequence[Tree], indent: str) -> list[str]:
    lines = []
    for number, (text, below) in enumerate(branches):
        last = number == len(branches) - 1
        lines.append(f"{indent}{'└── ' if last else '├── '}{text}")
        lines += _drawn(below, indent + ("    " if last else "│   "))
    return lines


def _leaves(lines: list[str]) -> list[Tree]:
    return [(line, ()) for line in lines]


def _lines(recipe: Recipe) -> list[str]:
    lines = [f"prompt     {recipe.prompt}"]
    if recipe.negative_prompt:
        lines.append(f"negative   {recipe.negative_prompt}")
    lines.append(f"size       {recipe.width}x{recipe.height}, seed {recipe.seed}")
    settings = f"{recipe.model}, {recipe.scheduler}, {recipe.steps} steps"
    settings += f", guidance {recipe.guidance_scale:g}"
    if recipe.strength is not None:
        settings += f", strength {recipe.strength:g}"
    return [*lines, f"settings   {settings}"]


def _record_lines(record: Record) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in sorted(record.versions.items()))
    lines = {
        "template": record.template if "{" in record.template or "__" in record.template else "",
        "asked for": record.prompt_file and f"in {record.prompt_file}, profile {record.profile}",
        "made": record.created and f"{record.created}, {record.seconds:g} s on {record.device}",
        "with": versions and f"{record.software}, {versions}",
        "written": f"as {record.encoding}" if record.encoding.lossy else "",
        "pixels": record.pixels,
    }
    return [f"{name:10} {text}" for name, text in lines.items() if text]
