"""The schemas by which editors complete and check TOML say what hotfolder itself accepts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hotfolder.json_schemas import schemas
from hotfolder.studio.layout import Studio

ROOT = Path(__file__).parent.parent


def mistakes(name: str, table: dict[str, Any]) -> list[str]:
    """What an editor would underline."""
    from jsonschema import Draft202012Validator  # which takes seconds, in every process

    schema = json.loads(schemas()[f"{name}.schema.json"])
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(table)]


def test_the_published_ones_are_these() -> None:
    """docs/schemas/ has them: `python -m hotfolder.json_schemas docs/schemas` writes it anew."""
    published = {file.name: file.read_text("utf-8") for file in ROOT.glob("docs/schemas/*.json")}
    assert published == schemas()


@pytest.mark.parametrize("file", sorted(ROOT.glob("profiles/*.toml")), ids=lambda file: file.stem)
def test_every_shipped_profile_is_right(file: Path) -> None:
    """Whether it has a model of its own or extends another."""
    assert mistakes("profile", tomllib.loads(file.read_text("utf-8"))) == []


def test_what_is_wrong_is_seen() -> None:
    """Unknown keys, other kinds of values, and values out of range."""
    assert "promt" in " ".join(mistakes("prompt", {"promt": "a castle"}))
    assert mistakes("prompt", {"prompt": "a castle", "count": "many"})
    assert mistakes("profile", {"extends": "sdxl", "steps": 0})
    assert mistakes("profile", {"steps": 20})
    assert mistakes("settings", {"stars": {"from": 9}})
    assert mistakes("settings", {"stars": {"from": 2, "presets": {"5": "portrait"}}}) == []


def test_a_new_studio_has_them(studio: Studio) -> None:
    """The first line of its settings names one that lies there."""
    lying = {file.name for file in studio.schemas.iterdir()}
    assert lying == schemas().keys()
