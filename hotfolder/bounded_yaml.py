"""YAML from strangers: bounded in depth, and nothing in it stands for more than is written."""

from __future__ import annotations

from typing import Any


def loads(text: str, deepest: int = 20) -> Any:
    """The tree of a YAML text, looked through before it is built; raises ValueError.

    Every value is text, as it is written: `yes` is no truth and 1_000 no number.

    Aliases share their node, so a walk through the tree must count its steps. libyaml is ten times
    as fast as the reader in Python, but dies of what is nested deeply.
    """
    import yaml  # type: ignore[import-untyped]

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        depth = 0
        for event in yaml.parse(text, loader):
            if isinstance(event, yaml.CollectionStartEvent | yaml.CollectionEndEvent):
                depth += 1 if isinstance(event, yaml.CollectionStartEvent) else -1
                if depth > deepest:
                    raise ValueError(f"it is nested more than {deepest} deep")
            elif isinstance(event, yaml.ScalarEvent) and event.value == "<<":
                raise ValueError("merge keys (<<) are not supported")
        return yaml.load(text, loader)  # noqa: S506 - it makes nothing but text
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
