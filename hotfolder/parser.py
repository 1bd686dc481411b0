"""What can be typed: every command of the program, with its arguments.

`python -m hotfolder --help` shows it. Nothing heavy is imported here: `--help` answers at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hotfolder import __version__, installation
from hotfolder.arguments import duration, extra, number, profile_names, seed, since, topics

_EPILOG = """\
exit codes:
  0    done, or nothing to do (also, under cron, when another run is already at work)
  1    something went wrong that has no code of its own
  2    the command line was not understood
  3    some items failed: there is a note beside each, or the command said which
  10   the studio's folder or its marker is missing
  75   another hotfolder is working on this studio
  130  stopped by Ctrl-C
  143  stopped by SIGTERM

STUDIO defaults to the current folder. To begin, try:  hotfolder demo
"""

AddArguments = Callable[[argparse.ArgumentParser], None]
_COMMANDS: dict[str, tuple[str, AddArguments]] = {}


def parser() -> argparse.ArgumentParser:
    """Reads the words of a command line; `command` is the module in `commands` that they name."""
    parser = argparse.ArgumentParser(
        prog="hotfolder",
        description="Pictures from folders: drop a prompt file into inbox/ and get drafts; move a\n"
        "draft to seeds/ or give it a star, and get three refinements in final/.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hotfolder {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (says, add_arguments) in _COMMANDS.items():
        new = commands.add_parser(name, help=says, description=says[:1].upper() + says[1:] + ".")
        new.set_defaults(command=name)
        add_arguments(new)
    return parser


def _command(name: str, says: str) -> Callable[[AddArguments], AddArguments]:
    """Enters a command: its module in `commands` has this name, its arguments are added below.

    `--help` lists commands in this order.
    """

    def enter(add_arguments: AddArguments) -> AddArguments:
        _COMMANDS[name] = says, add_arguments
        return add_arguments

    return enter


def _studio(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "studio",
        metavar="STUDIO",
        nargs="?",
        type=Path,
        default=Path(),
        help="its folder (default: this one)",
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def _images(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images", metavar="IMAGE", nargs="+", type=Path, help="pictures, or folders of them"
    )


@_command("demo", "show the whole flow in a new studio, in a few minutes")
def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        type=Path,
        default=Path("demo-studio"),
        help="where to make it",
    )


@_command("init", "make a studio; existing files are never touched")
def _init(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    parser.add_argument(
        "--shared", action="store_true", help="others can write to it: do not trust it"
    )


@_command("trust", "let a studio from elsewhere name models, folders and devices here")
def _trust(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    parser.add_argument("--not", dest="no", action="store_true", help="withdraw that trust")


@_command("config", "open your own settings and profiles, which apply to every studio")
def _config(parser: argparse.ArgumentParser) -> None:
    """There are none."""


@_command("run", "work on a studio until told to stop")
def _run(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument(
        "--once",
        action="store_true",
        help="process everything once, with one draft for each endless file, then exit (for cron)",
    )
    ends.add_argument(
        "--for",
        dest="seconds",
        metavar="TIME",
        type=duration,
        help="work for this long, endless files included (90s, 50m, 8h), then exit",
    )
    parser.add_argument(
        "--executor", metavar="NAME", help="where pictures are rendered: local, ray or another"
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="the head of the Ray cluster that renders"
    )
    parser.add_argument("--light", action="store_true", help="also serve the light table")
    loud = parser.add_mutually_exclusive_group()
    loud.add_argument("--quiet", action="store_true", help="report only what needs you")
    loud.add_argument("--verbose", action="store_true", help="also report what starts, and details")


@_command("sheet", "make a contact sheet of pictures, or of one picture's lineage")
def _sheet(parser: argparse.ArgumentParser) -> None:
    _images(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("contact-sheet.png"),
        help="a .png, .jpg or .pdf that does not exist yet (default: contact-sheet.png)",
    )
    parser.add_argument(
        "--lineage", action="store_true", help="each draft large, its finals, and what differs"
    )
    parser.add_argument(
        "--best",
        action="store_true",
        help="drafts that you have not judged yet, best first",
    )


@_command("gallery", "make a website of pictures, for any web server or a USB stick")
def _gallery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="*",
        type=Path,
        help="pictures, folders of them, or a studio: its finals (default: this one's)",
    )
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, default=Path("gallery"), help="where to write"
    )
    parser.add_argument("--title", help="default: the studio's or folder's name")
    parser.add_argument(
        "--prompts", action="store_true", help="show prompts and settings, with tags and a search"
    )
    parser.add_argument(
        "--address", metavar="URL", help="where it will be on the web, for link previews"
    )
    parser.add_argument("--language", choices=["en", "ja"], default="en", help="default: en")


@_command("stats", "show how much was made, how fast, and what gets picked")
def _stats(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    _json(parser)
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, help="also draw it, as a PNG or JPEG"
    )


@_command("light", "look through the pictures in a browser, mark them, ask for more")
def _light(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    parser.add_argument(
        "--address",
        help="this computer's address to serve it at, for others on the home network "
        "(0.0.0.0: the one they can reach); default: for this computer only",
    )
    parser.add_argument("--port", type=int, help="default: 8321, or the next free one")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")


@_command("service", "start hotfolder automatically, or stop doing so")
def _service(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    install = actions.add_parser(
        "install", help="start it automatically from now on, at login or with cron"
    )
    _studio(install)
    _studio(actions.add_parser("uninstall", help="no longer start it automatically"))
    _studio(actions.add_parser("status", help="show what starts it"))
    install.add_argument(
        "--with",
        dest="manager",
        choices=["systemd", "launchd", "task-scheduler", "cron"],
        help="which service manager starts it (default: the best one available)",
    )


_command("plan", "show what will be done next, in order, and why")(_studio)


@_command("status", "show what is where, and what is waiting")
def _status(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    _json(parser)


@_command("best", "list the drafts that you have not judged yet, best first")
def _best(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    _json(parser)
    parser.add_argument(
        "--count", metavar="N", type=number, default=20, help="how many at most (default: 20)"
    )
    parser.add_argument(
        "--copies", action="store_true", help="also copy them to drafts/best/, numbered in order"
    )


@_command("finish", "finish drafts that were given up early, or list them")
def _finish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="a draft, or its eight digits")
    parser.add_argument(
        "--studio", type=Path, default=Path(), help="its folder (default: this one)"
    )


@_command("taste", "show what hotfolder has learned from what you pick and reject")
def _taste(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    _json(parser)
    parser.add_argument(
        "--sheet", metavar="FILE", type=Path, help="also make a picture of the best and the worst"
    )


@_command("tune", "teach a model what you like, from what you picked and rejected")
def _tune(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    name = parser.add_argument(
        "--profile", metavar="NAME", help="which one (default: the studio's)"
    )
    name.completer = profile_names  # type: ignore[attr-defined]
    parser.add_argument(
        "--since",
        metavar="DAY",
        type=since,
        help="use only what you judged since then (2026-11-30, 30d)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=seed, default=0, help="for the random numbers (default: 0)"
    )
    parser.add_argument(
        "--steps", metavar="N", type=number, help="how many (default: depends on how many pictures)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only list pictures and captions")
    parser.add_argument("--use", action="store_true", help="then draw with it from now on")
    parser.add_argument(
        "--anew", action="store_true", help="start over instead of continuing an unfinished one"
    )


_command("check", "list all mistakes in settings, profiles, wildcards and prompt files")(_studio)


@_command("explain", "explain a message: what it means, why, and what to do")
def _explain(parser: argparse.ArgumentParser) -> None:
    names = parser.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="the topic that a message names, or the message itself; none: list all topics",
    )
    names.completer = topics  # type: ignore[attr-defined]


@_command("setup", "install the build of torch that can use the graphics card, or add extras")
def _setup(parser: argparse.ArgumentParser) -> None:
    offered = ", ".join(f"{name} ({purpose})" for name, purpose in installation.EXTRAS.items())
    parser.add_argument(
        "extras", metavar="EXTRA", nargs="*", type=extra, help=f"what to add: {offered}"
    ).completer = lambda **_: list(installation.EXTRAS)  # type: ignore[attr-defined]
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


@_command("doctor", "show what this computer can render, and what would help")
def _doctor(parser: argparse.ArgumentParser) -> None:
    _studio(parser)
    _json(parser)
    parser.add_argument(
        "--measure", action="store_true", help="also measure what would be faster (a minute)"
    )


@_command("show", "show what is in a picture, and what it was made from")
def _show(parser: argparse.ArgumentParser) -> None:
    _images(parser)
    _json(parser)


@_command("refine", "refine pictures once more, or with other settings, and say what will be made")
def _refine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images", metavar="IMAGE", nargs="*", type=Path, help="pictures, or folders of them"
    )
    parser.add_argument("--count", metavar="N", type=number, help="how many refinements of each")
    parser.add_argument("--profile", metavar="NAME", help="with which profile")
    parser.add_argument("--area", metavar="WxH", help="how large, as in 1600x1200")
    parser.add_argument("--strength", metavar="S", type=float, help="denoising strength, 0 to 1")
    parser.add_argument(
        "--again",
        action="store_true",
        help="with the current settings; without IMAGE: all picks that had others",
    )
    parser.add_argument("--studio", type=Path, help="in which one (default: the picture's own)")


@_command("regenerate", "make pictures again from what they carry, and compare")
def _regenerate(parser: argparse.ArgumentParser) -> None:
    _images(parser)
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="where to write (default: regenerated/)"
    )
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument(
        "--studio", type=Path, help="whose profiles and kept sources to use (default: found)"
    )


_command("verify", "check that pictures are what they say they are, without rendering")(_images)


@_command("restore", "make copies, with their recipes, of pictures that have lost them")
def _restore(parser: argparse.ArgumentParser) -> None:
    _images(parser)
    parser.add_argument(
        "--to", metavar="DIR", type=Path, help="where to write (default: beside each picture)"
    )
    parser.add_argument("--studio", type=Path, help="where they were made (default: found)")
    parser.add_argument(
        "--likely",
        action="store_true",
        help="also by likeness: pictures that were resized, compressed or cropped by up to a tenth",
    )


@_command("export", "copy pictures for publishing, with or without their prompts")
def _export(parser: argparse.ArgumentParser) -> None:
    _images(parser)
    parser.add_argument(
        "--without-prompt",
        action="store_true",
        help="leave out prompts and recipes; say only that AI made it, and with which model",
    )
    parser.add_argument(
        "--for",
        dest="outlet",
        metavar="PLACE",
        help="as a1111, civitai, instagram or web accepts them: format, size, metadata",
    )
    parser.add_argument("--format", choices=("png", "jpeg", "webp"), help="default: unchanged")
    parser.add_argument(
        "--sign",
        action="store_true",
        help="sign content credentials (C2PA), with your certificate or a self-made one",
    )
    parser.add_argument(
        "--to", metavar="DIR", type=Path, default=Path("exported"), help="where (default: exported)"
    )


@_command("fetch", "download the models of profiles before a picture has to wait for them")
def _fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "profiles",
        metavar="PROFILE",
        nargs="*",
        help="whose models; or MODEL@REVISION, for an old picture's model",
    )
    parser.add_argument("--all", action="store_true", help="the models of all profiles")
    parser.add_argument("--studio", type=Path, default=Path(), help="whose profiles")


@_command("models", "list the models on this computer, and which profiles use them")
def _models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clear", action="store_true", help="remove unfinished downloads")
    parser.add_argument("--studio", type=Path, default=Path(), help="whose profiles")
    _models_add(parser.add_subparsers(title="also", metavar="ACTION"))


def _models_add(actions: Any) -> None:
    says = "write profiles for models that you already have from another program; nothing is copied"
    add = actions.add_parser("add", help=says, description=says[:1].upper() + says[1:] + ".")
    add.set_defaults(command="models_add")
    add.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="a file, or the folder of ComfyUI, A1111, Forge, InvokeAI, StabilityMatrix or SwarmUI",
    )
    add.add_argument(
        "names", metavar="NAME", nargs="*", help="which of them, by name, number or pattern"
    )
    add.add_argument("--all", action="store_true", help="all that can be used")


@_command("profiles", "list the profiles, or show one with all its settings")
def _profiles(parser: argparse.ArgumentParser) -> None:
    name = parser.add_argument("name", metavar="NAME", nargs="?", help="a profile")
    name.completer = profile_names  # type: ignore[attr-defined]
    parser.add_argument("--studio", type=Path, default=Path(), help="whose profiles")
