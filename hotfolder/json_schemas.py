"""JSON Schemas of prompt files, profiles and settings, by which editors complete and check TOML.

`python -m hotfolder.json_schemas DIR` writes them all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hotfolder.finishing import steps
from hotfolder.prompts.folder import Folder
from hotfolder.prompts.keys import File
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.schedulers import SCHEDULERS
from hotfolder.recipes.settings import Settings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS = {
    "type": "string",
    "description": "The name of the profile whose keys apply where this one says nothing.",
}


@cache
def schemas() -> Mapping[str, str]:
    """The JSON text of each schema by its file: `prompt`, `profile`, `folder`, `settings`."""
    profile = msgspec.json.schema(Profile)
    body = profile["$defs"]["Profile"]
    body["properties"] = {"extends": _EXTENDS, **body["properties"]}
    body["anyOf"] = [{"required": ["model"]}, {"required": ["extends"]}]
    body.pop("required", None)
    profile["$defs"]["Model"].pop("required", None)  # a profile that extends another may name it
    profile["$defs"]["Link"] = {"anyOf": [_img2img(profile["$defs"]["Link"]), *_steps()]}
    prompt = msgspec.json.schema(File)
    prompt["$defs"]["Link"] = profile["$defs"]["Link"]
    folder = msgspec.json.schema(Folder)
    folder["$defs"]["Link"] = profile["$defs"]["Link"]
    made = {
        "prompt": prompt,
        "profile": profile,
        "folder": folder,
        "settings": msgspec.json.schema(Settings),
    }
    return {
        f"{name}.schema.json": json.dumps(
            {"$schema": _DIALECT, **_for_toml(schema)}, indent=1, ensure_ascii=False
        )
        + "\n"
        for name, schema in made.items()
    }


def _img2img(link: dict[str, Any]) -> dict[str, Any]:
    """The schema of a link of img2img: those of steps have keys of their own."""
    own = {key: says for key, says in link["properties"].items() if key not in ("step", "settings")}
    return {**link, "title": "img2img", "properties": own}


def _steps() -> Iterator[dict[str, Any]]:
    """The schema of each step of finishing."""
    for name in steps.names():
        body = msgspec.json.schema(shape := steps.settings_of(name) or Struct)
        made = body["$defs"][shape.__name__]
        properties = {"step": {"const": name}, **made["properties"]}
        required = ["step", *made["required"]]
        yield {**made, "title": name, "properties": properties, "required": required}


def _for_toml(schema: Any) -> Any:
    """The same schema without what TOML cannot say (null), and with the names of schedulers."""
    if isinstance(schema, list):
        return [_for_toml(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        if len(kinds) == 1:
            rest = {k: v for k, v in schema.items() if k not in ("anyOf", "default")}
            return _for_toml({**kinds[0], **rest})
    made = {key: _for_toml(value) for key, value in schema.items()}
    if isinstance(text := made.get("description"), str):
        made["description"] = " ".join(text.split())
    properties = made.get("properties", {})
    if isinstance(properties, dict) and "scheduler" in properties:
        properties["scheduler"]["enum"] = sorted(SCHEDULERS)
    return made


if __name__ == "__main__":
    for name, text in schemas().items():
        (Path(sys.argv[1]) / name).write_text(text, "utf-8")
