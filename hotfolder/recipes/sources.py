"""Where a profile says that weights are: what it may say, and what it may mean instead."""

from __future__ import annotations

import re
from pathlib import PurePath

_LONGEST_NAME = 255  # bytes of a file or folder: what file systems take
_LONGEST_PATH = 1024
_FILES = (".safetensors", ".gguf")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_ON_HUB = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?!datasets/|spaces/|collections/)"
    r"([^/?#]+/[^/?#]+)(?:/(?:blob|resolve|raw|tree)/([^/?#]+)(?:/([^?#]+))?)?/?(?:[?#].*)?"
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|urn:|www\.|(?:civitai|huggingface|modelscope)\.\w+/")
_VARIABLE = re.compile(r"%\w+%|\$\w+|\$\{\w+\}|\$env:\w+", re.ASCII | re.IGNORECASE)


def check(source: str) -> str:
    """`source` if what it names can be where it says; ValueError with a sentence otherwise."""
    kind, colon, name = source.partition(":")
    parts = name.split("/")
    if colon and kind in ("shipped", "hub") and ("\\" in name or {"", ".", ".."} & set(parts)):
        raise ValueError('expected a name after the ":", and no path')
    if kind == "shipped" and colon and len(parts) > 1:
        raise ValueError('expected a name after "shipped:", and no path')
    if "\0" in source:
        raise ValueError("expected a path without NUL")
    long = any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in source.split("/"))
    if long or len(source) > _LONGEST_PATH:
        raise ValueError(f"expected a path of at most {_LONGEST_PATH:,} characters")
    if says := _no_path(source):
        raise ValueError(says)
    return source


def _no_path(source: str) -> str:
    """What was expected of a `source` that is written as no path or name ever is, or ""."""
    bare = source.strip()
    if bare[:1] in ("'", '"') and bare[-1:] == bare[:1]:
        return f"expected {bare[1:-1]} without the inner quotes"
    if found := _ON_HUB.fullmatch(bare):
        return _of_hub(*found.groups(default=""))
    if bare.startswith("file://"):
        return "expected a path without file://"
    if _ADDRESS.match(bare.lower()):
        return (
            "expected owner/name, as the hub calls a model, or where its file is here "
            "(download it in a browser)"
        )
    if _VARIABLE.match(bare):
        return "expected a path, which may begin with ~ (variables are not replaced)"
    return ""


def _of_hub(repository: str, revision: str, file: str) -> str:
    """What was expected in place of an address of the hub."""
    whole = not file.lower().endswith(_FILES)
    pinned = f' and revision = "{revision}"' if revision not in ("", "main") else ""
    return f'expected "{repository if whole else f"hub:{repository}/{file}"}"{pinned}'


def hint(source: str) -> str:
    """The end of a sentence that says what a `source` may mean which is nowhere here, or ""."""
    stem, mark, rest = source.partition("@")
    if mark and is_hub_id(stem):
        return f'; for a model of the hub, write source = "{stem}" and revision = "{rest}"'
    owner, _, rest = source.partition("/")
    name, slash, _ = rest.partition("/")
    if slash and is_hub_id(f"{owner}/{name}") and source.lower().endswith(_FILES):
        return f'; for a file of the hub, write "hub:{source}"'
    return ""


def is_hub_id(source: str) -> bool:
    """Whether a model's source reads `owner/name` and is no path."""
    return bool(_HUB_ID.fullmatch(source)) and not source.lower().endswith(_FILES)


def source_name(source: str) -> str:
    """The name of what lies at `source`, without any path: a hub id, or a file's or folder's."""
    if source.startswith("shipped:") or is_hub_id(source):
        return source.removeprefix("shipped:")
    return (
        PurePath(source.replace("\\", "/")).name.removesuffix(".safetensors").removesuffix(".gguf")
        or "model"
    )
