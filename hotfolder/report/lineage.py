"""A picture's recipe and what it was made from, as a tree of words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hotfolder.images.generation_params import GenerationParams
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record
from hotfolder.recipes.region import in_words
from hotfolder.report import links

Tree = tuple[str, Sequence["Tree"]]


def tree(
    title: str, recipe: Recipe, record: Record, notes: Iterable[str] = (), carrier: str = ""
) -> list[str]:
    """The lineage of one picture in lines, the picture itself at the root.

    `notes` are sentences about the picture in hand; `carrier` is where it says all this. Of a
    source, only what differs from the picture that was made from it is repeated.
    """
    own = [*_lines(recipe), *_record_lines(record), ("read from", carrier and f"its {carrier}")]
    branches = [*_notes(notes), *_labelled(own), *_source(recipe, record)]
    return [title, *_drawn(branches, "")]


def foreign(title: str, params: GenerationParams, notes: Iterable[str] = ()) -> list[str]:
    """What another program says of its picture, in the same form."""
    size = f"{params.width}x{params.height}" if params.width else ""
    model = params.model + (f" ({params.model_hash[:10]})" if params.model_hash else "")
    settings = [
        model.strip(),
        params.scheduler or "",
        "" if params.steps is None else f"{params.steps} steps",
        "" if params.guidance_scale is None else f"guidance {params.guidance_scale:g}",
        "" if params.strength is None else f"strength {params.strength:g}",
    ]
    lines = {
        "prompt": params.prompt,
        "negative": params.negative_prompt,
        "size": _listed([size, "" if params.seed is None else f"seed {params.seed}"]),
        "settings": _listed(settings),
        "LoRAs": _listed(params.loras),
        "others": _listed(f"{key}: {text}" for key, text in params.others.items()),
    }
    return [title, *_drawn([*_labelled(lines.items()), *_notes(notes)], "")]


def _source(recipe: Recipe, record: Record | None) -> list[Tree]:
    source = recipe.source
    if source is None:
        return []
    if isinstance(source, Pixels):
        said = f"{source.width}x{source.height} px from elsewhere, kept as {source.sha256[:12]}…"
        return [(f"made from a picture of {said}", ())]
    kind = "draft" if source.source is None else "picture"
    if recipe.link > 1:
        kind = f"link {source.link}"
    made = record.source if record else None
    own = {*_lines(recipe), *(_record_lines(record) if record else ())}
    lines = [*_lines(source), *(_record_lines(made) if made else ())]
    lines = [line for line in lines if line not in own]
    seen = f", as its {recipe.source_encoding} shows it" if recipe.source_encoding else ""
    return [
        (f"made from {kind} {source.id[:8]}{seen}", [*_labelled(lines), *_source(source, made)])
    ]


def _drawn(branches: Sequence[Tree], indent: str) -> list[str]:
    lines = []
    for number, (text, below) in enumerate(branches):
        last = number == len(branches) - 1
        lines.append(f"{indent}{'└── ' if last else '├── '}{text}")
        lines += _drawn(below, indent + ("    " if last else "│   "))
    return lines


def _notes(notes: Iterable[str]) -> list[Tree]:
    return _labelled(("note", note) for note in notes)


def _labelled(lines: Iterable[tuple[str, str]]) -> list[Tree]:
    return [(f"{label:10} {_one_line(text)}", ()) for label, text in lines if text]


def _one_line(text: str) -> str:
    """A text from anywhere, on one line of a terminal: no line ends, no escape sequences."""
    return "".join(
        " ↵ " if sign == "\n" else sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for sign in text
    )


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(text for text in texts if text)


def _lines(recipe: Recipe) -> list[tuple[str, str]]:
    settings = f"{recipe.model}, {recipe.scheduler}, {recipe.steps} steps"
    settings += f", guidance {recipe.guidance_scale:g}"
    if recipe.strength is not None:
        settings += f", strength {recipe.strength:g}"
    if not recipe.is_drawn:
        settings = "nothing was redrawn"
    drawn = f"at {recipe.drawn[0]}x{recipe.drawn[1]}" if recipe.drawn else ""
    return [
        ("prompt", recipe.prompt),
        ("negative", recipe.negative_prompt),
        ("size", f"{recipe.width}x{recipe.height}, seed {recipe.seed}"),
        ("settings", settings),
        ("retouched", in_words(recipe.region) if recipe.region else ""),
        ("prepared", links.done(recipe.prepare)),
        ("drawn", drawn),
        ("finished", links.done(recipe.finish)),
    ]


def _known_as(sha256: str) -> str:
    """How other sites know a file: CivitAI by the first ten digits, in capitals."""
    return f"SHA-256 {sha256}, AutoV2 {sha256[:10].upper()}"


def _record_lines(record: Record) -> list[tuple[str, str]]:
    versions = ", ".join(f"{name} {number}" for name, number in sorted(record.versions.items()))
    seconds = f"{record.seconds:.1f}".removesuffix(".0")
    is_template = "{" in record.template or "__" in record.template
    return [
        ("template", record.template if is_template else ""),
        ("asked for", record.prompt_file and f"in {record.prompt_file}, profile {record.profile}"),
        ("steered", record.steered),
        ("picked", record.picked),
        ("made", record.created and f"{record.created}, {seconds} s on {record.device}"),
        ("with", versions and f"{record.software}, {versions}"),
        ("model file", record.file_sha256 and _known_as(record.file_sha256)),
        *(("note", note) for note in record.notes),
        ("written", f"as {record.encoding}" if record.encoding.lossy else ""),
        ("pixels", record.pixels),
    ]
