"""What models lie in a folder of another program: headers are read, nothing else, nothing is moved.

What a file is stands in its tensors, not in the name of its folder; so folders of any program are
understood, and a file that lies in the wrong one is known for what it is.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotfolder import bounded_yaml
from hotfolder.errors import RenderError
from hotfolder.render.models import contents, header, single_file, weights
from hotfolder.render.models.contents import Contents
from hotfolder.render.models.family import Family

_MOST_ENTRIES = 300_000  # of folders and files that are looked at
_DEEPEST = 12
_MOST_CONFIG = 1_000_000  # bytes of another program's configuration
_MOST_STEPS = 500  # of 100,000 instructions of a data base: some seconds
_PASSED_OVER = {
    *("venv", ".venv", ".git", "node_modules", "site-packages", "python_embeded", "__pycache__"),
    *("output", "outputs", "input", "temp", "cache", ".cache", ".trash"),
}
_PICKLED = {".ckpt", ".pt", ".pth", ".bin"}

# What a program is known by, below the folder that was named: any of these, in any case.
_PROGRAMS = {
    "InvokeAI": ("invokeai.yaml", "databases/invokeai.db"),
    "StabilityMatrix": ("models/stablediffusion", "data/models/stablediffusion"),
    "SwarmUI": ("launchtools", "dlbackend"),
    "Forge": ("modules_forge",),
    "ComfyUI": ("comfy", "models/checkpoints", "checkpoints"),
    "A1111": ("models/stable-diffusion",),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A model in a file or in a folder of diffusers': what it is, or why it cannot be used."""

    path: Path
    name: str
    bytes: int
    what: Contents
    trouble: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What lies in a folder. `loras` and `embeddings` are folders, with the number of files."""

    program: str
    models: tuple[Found, ...]
    text_encoders: tuple[Found, ...]
    loras: Mapping[Path, int]
    embeddings: Mapping[Path, int]
    pickled: int
    others: int


def take(path: Path) -> Inventory:
    """What lies at `path`, a file or a folder. Raises RenderError where there is nothing."""
    if not path.exists():
        raise RenderError(f"there is no {path}")
    names = _invokeai_names(path)
    roots = [path, *_other_roots(path), *(p for p in names if p.is_absolute() and p.exists())]
    found: dict[Path, Found] = {}
    pickled = 0
    for file in _files(roots):
        if file.suffix.lower() in _PICKLED:
            pickled += 1
        else:
            found[file] = _found(file, names.get(file, file.stem))
    kinds = {file: one.what.kind for file, one in found.items()}
    models = tuple(one for one in found.values() if _is_model(one))
    rest = (one for one in found.values() if not one.trouble)
    others = sum(one.what.kind in ("", "ControlNet", "autoencoder") for one in rest)
    texts = tuple(one for one in found.values() if one.what.kind == "text encoder")
    folders = [_folders_of(path, kinds, kind) for kind in ("LoRA", "embedding")]
    program = "" if path.is_file() else _program(path)
    return Inventory(program, models, texts, folders[0], folders[1], pickled, others)


def _is_model(one: Found) -> bool:
    return bool(one.trouble) or one.what.kind in ("model", "denoiser")


def _found(path: Path, name: str) -> Found:
    """What a file or a folder of diffusers' is."""
    try:
        if path.is_dir():
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            family = weights.family(path)
            return Found(path, name, size, Contents("model", family=family))
        size = path.stat().st_size
        if says := header.piece(path):
            return Found(path, name, size, Contents(""), says)
        what = contents.of_file(path)
        if what.kind not in ("model", "denoiser"):
            return Found(path, name, size, what)
        head = header.read(path)
        trouble = contents.packed(path, head)
        if not what.family:
            trouble = single_file.unusable(path, what)
        return Found(path, name, size, what, trouble, head.metadata.get("modelspec.title", ""))
    except (RenderError, OSError) as error:
        return Found(path, name, 0, Contents(""), str(error))


def companions(model: Found, texts: tuple[Found, ...]) -> tuple[Found, ...]:
    """The text encoders among `texts` that a denoiser reads from, as far as widths tell."""
    bare = contents.denoiser_names(header.read(model.path).shapes)
    pooled = _inner(bare, ("vector_in.in_layer", "y_embedder.mlp.0", _POOLED))
    text = _inner(bare, _READING)
    wanted = {768: ("CLIP-L",), 2048: ("CLIP-L", "CLIP-G")}.get(pooled, ())
    chosen = [_first(texts, reader, 0) for reader in wanted]
    if text:
        chosen.append(_first(texts, "T5", text) or _first(texts, "LLM", text))
    return tuple(one for one in chosen if one)


_POOLED = "time_text_embed.text_embedder.linear_1"
# The layers that take what a text encoder gives, of those whose width tells which one it is.
_READING = (
    *("txt_in", "context_embedder", "cap_embedder.1", "time_caption_embed.caption_embedder.1"),
    *("cond_seq_linear", "y_embedder.y_proj.fc1", "caption_projection.linear_1"),
)
_MOST_WORDS = 40_000  # of T5's vocabulary; those for many languages are other models


def _inner(shapes: header.Shapes, layers: tuple[str, ...]) -> int:
    """How many numbers one of these layers takes, whichever is there; 0 for none."""
    found = (shapes[f"{layer}.weight"] for layer in layers if f"{layer}.weight" in shapes)
    return next((shape[-1] for shape in found if len(shape) == 2), 0)


def _first(texts: tuple[Found, ...], reader: str, width: int) -> Found | None:
    """The first of these text encoders that is such a `reader` and fits `width` (0: any)."""
    for one in texts:
        if reader in one.what.readers:
            shapes = header.read(one.path).shapes
            ends = ("shared.weight", "embed_tokens.weight", "token_embedding.weight")
            words = next((s for n, s in shapes.items() if n.endswith(ends)), (0, 0))
            fits = not width or (words[-1] and width % words[-1] == 0)
            if fits and (reader != "T5" or words[0] < _MOST_WORDS):
                return one
    return None


def family_name(what: Contents) -> str:
    """What a person calls the family of a model that was found."""
    family: Family | None = what.family
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", family.name) if family else what.form


def _files(roots: list[Path]) -> Iterator[Path]:
    """The files of weights, and the folders of diffusers', in and below some folders.

    Links are followed, since these folders are the owner's, and nothing is given twice.
    """
    seen: set[tuple[int, int]] = set()
    left = _MOST_ENTRIES
    open_ = [(root, 0) for root in roots]
    while open_ and left > 0:
        path, depth = open_.pop(0)
        with suppress(OSError):
            stat = path.stat()
            if (stat.st_dev, stat.st_ino) in seen:
                continue
            seen.add((stat.st_dev, stat.st_ino))
            if path.is_file():
                if path.suffix.lower() in (header.SAFETENSORS, header.GGUF, *_PICKLED):
                    yield path
                continue
            if (path / "model_index.json").is_file():
                yield path
                continue
            entries = sorted(path.iterdir())
            left -= len(entries)
            if depth < _DEEPEST:
                kept = [one for one in entries if one.name.lower() not in _PASSED_OVER]
                open_[:0] = [(one, depth + 1) for one in kept if not one.name.startswith(".")]


def _folders_of(root: Path, kinds: Mapping[Path, str], kind: str) -> dict[Path, int]:
    """The topmost folders below `root` that hold files of this kind alone, and how many.

    Text encoders and the like, which people leave among them, do not count; models do.
    """
    mixed: set[Path] = {root} if any(other != kind for other in kinds.values()) else set()
    for file, other in kinds.items():
        if other != kind:
            mixed.update(file.parents)
    counted: dict[Path, int] = {}
    for file, other in kinds.items():
        if other == kind:
            above = [folder for folder in file.parents if folder.is_relative_to(root)]
            top = next((folder for folder in reversed(above) if folder not in mixed), file.parent)
            counted[top] = counted.get(top, 0) + 1
    return counted


def _program(root: Path) -> str:
    """The program whose folder this is, "" for none that is known."""
    for program, marks in _PROGRAMS.items():
        if any(_below(root, mark) for mark in marks):
            return program
    return ""


def _below(root: Path, mark: str) -> bool:
    """Whether something of this name is below `root`, in any case of its letters."""
    folder = root
    for word in mark.split("/"):
        try:
            entries = {entry.name.lower(): entry for entry in folder.iterdir()}
        except OSError:
            return False
        if word not in entries:
            return False
        folder = entries[word]
    return True


def _other_roots(root: Path) -> list[Path]:
    """The folders that ComfyUI's extra_model_paths.yaml names."""
    found = []
    with suppress(OSError, ValueError, RecursionError):
        file = root / "extra_model_paths.yaml"
        if file.stat().st_size > _MOST_CONFIG:
            return []
        sections = bounded_yaml.loads(file.read_text(encoding="utf-8"))
        for section in sections.values() if isinstance(sections, dict) else ():
            if not isinstance(section, dict):
                continue
            said = section.get("base_path", "")
            base = root / Path(said if isinstance(said, str) else "").expanduser()
            for key, told in section.items():
                if isinstance(told, str) and key != "base_path":
                    found += [base / line.strip() for line in told.splitlines() if line.strip()]
    return [path for path in found if path.is_dir()]


def _invokeai_names(root: Path) -> dict[Path, str]:
    """What InvokeAI calls its models, whose folders have numbers for names; by their paths."""
    file = root / "databases" / "invokeai.db"
    if not file.is_file():
        return {}
    found = {}
    with suppress(sqlite3.Error, ValueError, TypeError, KeyError, OSError, RecursionError):
        address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as database:
            steps = itertools.count()  # a view can be without end, and Ctrl-C would not end it
            database.set_progress_handler(lambda: next(steps) > _MOST_STEPS, 100_000)
            for (config,) in database.execute("SELECT config FROM models LIMIT 10000"):
                told: dict[str, Any] = json.loads(config)
                path = root / "models" / str(told["path"])
                found[path] = str(told["name"])
                inside = sorted(path.glob("*.safetensors")) if path.is_dir() else []
                if len(inside) == 1:
                    found[inside[0]] = str(told["name"])
    return found
