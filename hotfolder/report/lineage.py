"""A picture's recipe and what it was made from, as a tree of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotfolder.recipes.recipe import Pixels, Recipe, lineage
from hotfolder.recipes.record import Record

if TYPE_CHECKING:
    from rich.tree import Tree


def tree(title: str, recipe: Recipe, record: Record, edited: bool) -> Tree:
    """The lineage of one picture for the terminal, the picture itself at the root."""
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(title, style="bold"))
    branch = root
    if edited:
        root.add(Text("edited after it was made: its pixels are not the recorded ones"))
    for number, link in enumerate(lineage(recipe)):
        if isinstance(link, Pixels):
            branch.add(Text(f"a picture of {link.width}x{link.height} px that came from elsewhere"))
            break
        if number:
            branch = branch.add(Text(f"made from {_kind(link)} {link.id[:8]}", style="bold"))
        for line in _lines(link):
            branch.add(Text(line))
        if number == 0:
            for line in _record_lines(record):
                branch.add(Text(line, style="dim"))
    return root


def _kind(recipe: Recipe) -> str:
    return "draft" if recipe.source is None else "picture"


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
    when = f"{record.created}, {record.seconds:g} s on {record.device}" if record.created else ""
    versions = ", ".join(f"{name} {number}" for name, number in sorted(record.versions.items()))
    lines = {
        "template": record.template,
        "asked for": record.prompt_file and f"in {record.prompt_file}, profile {record.profile}",
        "made": when,
        "with": versions and f"{record.software}, {versions}",
        "pixels": record.pixels,
    }
    return [f"{name:10} {text}" for name, text in lines.items() if text]
