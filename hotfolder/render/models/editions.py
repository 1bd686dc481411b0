"""Earlier editions of the shipped models, so that pictures made with them come out as they were.

An edition is one file, `models/EDITION.safetensors`: the weights that differ from those of the
present model, each under the name of the pipeline's part. Its metadata tell the present model's
folder (`of`) and the fingerprint that the whole edition had (`sha256`), by which records name it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hotfolder.errors import RenderError

SHIPPED = Path(__file__).parents[2] / "models"


@dataclass(frozen=True, slots=True)
class Edition:
    """An earlier edition: its name, the model that it was one of, its fingerprint, its file."""

    name: str
    of: str
    sha256: str
    file: Path


def find(source: str) -> Edition | None:
    """The edition that a profile's `model.source` names, or None for anything else."""
    return next((each for each in _editions() if source == f"shipped:{each.name}"), None)


def made_by(model: str, sha256: str) -> str:
    """The name of the model that a record tells of: `model`, or that edition of it."""
    wanted = (model, sha256)
    return next((each.name for each in _editions() if (each.of, each.sha256) == wanted), model)


def shipped(source: str) -> Path:
    """The folder of a source `shipped:NAME`; an edition's is that of the present model."""
    edition = find(source)
    return SHIPPED / (edition.of if edition else source.removeprefix("shipped:"))


def put_back(pipe: Any, edition: Edition) -> None:
    """Give `pipe`, the present model, the weights that it had in an earlier edition."""
    from safetensors.torch import load_file

    parts: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, weight in load_file(edition.file).items():
        part, _, own = name.partition(".")
        parts[part][own] = weight
    for part, state in parts.items():
        if getattr(pipe, part).load_state_dict(state, strict=False).unexpected_keys:
            raise RenderError(f"{edition.file.name} does not fit the model {edition.of}")


@cache
def _editions() -> tuple[Edition, ...]:
    from safetensors import safe_open

    found = []
    for file in sorted(SHIPPED.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            told = opened.metadata()
        found.append(Edition(file.stem, told["of"], told["sha256"], file))
    return tuple(found)
