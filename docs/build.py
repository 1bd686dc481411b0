"""Builds the documentation as a website: `make docs`, or python docs/build.py [DIR].

The pages of this folder, and a reference of commands, keys and Python that is read from the
program itself: it lies nowhere else, so it cannot be out of date. Zensical makes the website,
and ends the build at a link that leads nowhere.
"""

from __future__ import annotations

import argparse
import html
import inspect
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hotfolder import api, json_schemas
from hotfolder.explanations import explanations
from hotfolder.parser import parser

HERE = Path(__file__).parent
ROOT = HERE.parent
_TABLES = {
    "prompt": ("Prompt files", "What a TOML file in `inbox/` may say. Only `prompt` is needed."),
    "profile": ("Profiles", "What a TOML file in `profiles/` may say."),
    "folder": ("Folders", "What `folder.toml` in a folder below `inbox/` may say for all in it."),
    "settings": ("Settings", "What `hotfolder.toml` in a studio may say; every key has a default."),
}


def main() -> int:
    """Build everything into DIR (default: build/docs); its website is in DIR/site."""
    output = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "docs").resolve()
    shutil.rmtree(output, ignore_errors=True)
    ignored = shutil.ignore_patterns("*.py", "__pycache__", "schemas")
    shutil.copytree(HERE, output / "docs", ignore=ignored)
    (output / "docs" / "reference").mkdir()
    for name, text in reference().items():
        (output / "docs" / "reference" / name).write_text(text, "utf-8")
    config = output / "zensical.toml"
    shutil.copy(ROOT / "zensical.toml", config)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(config)]
    ended = subprocess.run(command, cwd=output, check=False).returncode
    if not ended:
        (output / "site" / "llms.txt").write_text(list_of_pages(output), "utf-8")
    return ended


def reference() -> dict[str, str]:
    """The pages that the program itself writes, by name."""
    pages = {"commands.md": commands(), "python.md": python(), "messages.md": messages()}
    for name, text in json_schemas.schemas().items():
        kind = name.partition(".")[0]
        title, says = _TABLES[kind]
        pages[f"{kind}.md"] = f"# {title}\n\n{says}\n\n{keys(json.loads(text))}"
    return pages


def list_of_pages(output: Path) -> str:
    """llms.txt (llmstxt.org): what there is to read, for programs that read."""
    project = tomllib.loads((output / "zensical.toml").read_text("utf-8"))["project"]
    lines = [
        f"# {project['site_name']}",
        "",
        f"> {project['site_description']}",
        "",
        "## Pages",
        "",
    ]
    for page in sorted((output / "docs").rglob("*.md")):
        title, _, rest = page.read_text("utf-8").partition("\n")
        plain = (part for part in rest.split("\n\n") if part.strip()[:1].isalpha())
        first = " ".join(next(plain, "").split())
        path = page.relative_to(output / "docs").with_suffix(".html").as_posix()
        lines.append(f"- [{title.removeprefix('# ')}]({path}): {first}")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Every command with its arguments, as `--help` has them."""
    whole = parser()
    lines = ["# Commands", "", "`STUDIO` defaults to the current folder.", ""]
    for name, sub in _subcommands(whole).items():
        lines += [f"## {name}", "", sub.description or "", ""]
        lines += _usage(sub)
        for action, below in _subcommands(sub).items():
            lines += [f"### {name} {action}", "", below.description or "", "", *_usage(below)]
    codes = (whole.epilog or "").partition("exit codes:\n")[2].partition("\n\n")[0]
    return "\n".join([*lines, "## Exit codes", "", "```text", inspect.cleandoc(codes), "```", ""])


def _subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices  # type: ignore[no-any-return]
    return {}


def _usage(parser: argparse.ArgumentParser) -> list[str]:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    lines = ["```text", usage, "```", ""]
    rows = []
    for action in parser._actions:
        if action.help and not isinstance(
            action, argparse._HelpAction | argparse._SubParsersAction
        ):
            shown = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            if action.option_strings and action.nargs != 0:
                shown += (
                    f" {action.metavar or '|'.join(action.choices or ()) or action.dest.upper()}"
                )
            code = f"`{shown}`"
            rows.append(f"| {_cell(code)} | {_cell(action.help)} |")
    return [*lines, "| | |", "|---|---|", *rows, ""] if rows else lines


def keys(schema: Mapping[str, Any]) -> str:
    """A table of all keys of a TOML file, and one for each table in it."""
    definitions = schema["$defs"]
    root = schema["$ref"].rpartition("/")[2]
    lines: list[str] = []
    waiting, seen = [("", root)], set()
    while waiting:
        heading, name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        lines += [f"## {heading}", ""] if heading else []
        whole = definitions[name]
        kinds = [whole] if "properties" in whole else whole["anyOf"]
        for table in kinds:
            lines += [f"### {table['title']}", ""] if len(kinds) > 1 else []
            lines += [_paragraph(table.get("description", "")), ""]
            lines += ["| Key | Value | Default |", "|---|---|---|"]
            for key, value in table["properties"].items():
                path = f"{heading.strip('`[] ')}.{key}".strip(".")
                row = _cell(_value(value, path)), _cell(_default(value))
                lines.append(f"| `{key}` | {row[0]} | {row[1]} |")
                below, many = _reference(value)
                if below:
                    waiting.append((f"`[[{path}]]`" if many else f"`[{path}]`", below))
            lines.append("")
    return "\n".join(lines)


def _reference(value: Mapping[str, Any]) -> tuple[str, bool]:
    """The table that a key holds, if it does, and whether it holds many."""
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2], False
    for inner in value.get("anyOf", ()):
        if (found := _reference(inner))[0]:
            return found
    if "items" in value and (found := _reference(value["items"]))[0]:
        return found[0], True
    return "", False


def _value(value: Mapping[str, Any], path: str) -> str:
    says = value.get("description", "")
    kind = _kind(value, path)
    return f"{kind}. {says}" if says else kind


def _kind(value: Mapping[str, Any], path: str) -> str:
    below, many = _reference(value)
    if below:
        return f"{'tables' if many else 'table'} `{f'[[{path}]]' if many else f'[{path}]'}`"
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_kind(inner, path) for inner in value["anyOf"]))
    if "enum" in value:
        return ", ".join(f"`{json.dumps(one)}`" for one in value["enum"])
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    kind = value.get("type", "")
    if kind == "array":
        inner = _kind(value.get("items", {}), path) if value.get("items") else "anything"
        return f"list of {inner}"
    names = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}
    names["object"] = "table"
    return names.get(str(kind), str(kind)) + _range(value)


def _range(value: Mapping[str, Any]) -> str:
    least = value.get("minimum", value.get("exclusiveMinimum"))
    most = value.get("maximum", value.get("exclusiveMaximum"))
    if least is not None and most is not None:
        return f", {least:,} to {most:,}"
    return f", at least {least:,}" if least is not None else ""


def _default(value: Mapping[str, Any]) -> str:
    if "default" not in value or isinstance(value["default"], dict):
        return ""
    return f"`{json.dumps(value['default'], ensure_ascii=False)}`"


def _paragraph(text: str) -> str:
    return re.sub(r"(?<!`)``(?!`)", "`", text)


def _cell(text: str) -> str:
    """A text in a table's cell. Its code is HTML: that of Markdown cannot have a bar there."""
    parts = html.escape(" ".join(text.split()), quote=False).replace("|", "&#124;").split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def messages() -> str:
    """What `hotfolder explain` says, topic by topic."""
    lines = ["# What messages mean", "", "In a terminal, `hotfolder explain NAME` says it.", ""]
    for name, topic in explanations().items():
        lines += [f"## {name}", "", topic.text.replace("# ", "### ", 1)]
    return "\n".join(lines)


def python() -> str:
    """`hotfolder.api`: what it offers, with its docstrings."""
    about = inspect.getdoc(api) or ""
    lines = ["# hotfolder as a library", "", about, ""]
    for name in api.__all__:
        thing = getattr(api, name)
        lines += [f"## {name}", "", *_documented(thing, name)]
        if inspect.isclass(thing):
            for method, value in _methods(thing):
                lines += [f"### {name}.{method}", "", *_documented(value, f"{name}.{method}")]
    return "\n".join(lines)


def _documented(thing: Any, name: str) -> list[str]:
    if inspect.isclass(thing):
        fields = getattr(thing, "__annotations__", {})
        signature = "\n".join(f"{field}: {kind}" for field, kind in fields.items())
        code = f"class {name}" + (":\n" + _shifted(signature) if signature else "")
    else:
        code = f"def {name.rpartition('.')[2]}{_signature(thing)}"
    return ["```python", code, "```", "", inspect.getdoc(thing) or "", ""]


def _signature(thing: Any) -> str:
    return re.sub(r"'([^']*)'", r"\1", str(inspect.signature(thing)))


def _methods(thing: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(thing).items():
        plain = value.__func__ if isinstance(value, classmethod) else value
        if not name.startswith("_") and inspect.isfunction(plain):
            yield name, plain


def _shifted(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
