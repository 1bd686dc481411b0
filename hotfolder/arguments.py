"""What may stand on the command line: values read from text, and what a shell completes them to."""

from __future__ import annotations

import argparse
import time
from datetime import datetime

from hotfolder import installation
from hotfolder.errors import did_you_mean


def number(text: str) -> int:
    """A number of things, at least 1."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; expected 1 or more")
    return int(text)


def seed(text: str) -> int:
    """A seed of chance."""
    if not text.isascii() or not text.isdigit() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed; expected 0 or more, below 2**63")
    return int(text)


def extra(text: str) -> str:
    """The name of what can be added."""
    if text not in installation.EXTRAS:
        says = did_you_mean(text, installation.EXTRAS)
        raise argparse.ArgumentTypeError(f"there is no extra called {text!r}; {says}")
    return text


def duration(text: str) -> float:
    """Seconds of "90s", "50m", "8h" or "2d"; a bare number is seconds."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration; expected something like 90s, 50m or 8h"
        )
    return seconds


def since(text: str) -> float:
    """Seconds since 1970 of a day ("2026-11-30"), or of a duration before now ("30d")."""
    if text[-1:] in ("s", "m", "h", "d"):
        return time.time() - duration(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a date; expected something like 2026-11-30, or 30d for thirty days"
        ) from None


def profile_names(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """What a shell may complete the name of a profile to."""
    from hotfolder.studio.config.load import shipped

    folders = (shipped("profiles"), parsed_args.studio / "profiles")
    return sorted(path.stem for folder in folders for path in folder.glob("*.toml"))


def topics(**_: object) -> list[str]:
    """What a shell may complete the name of a topic to."""
    from hotfolder.explanations import explanations

    return list(explanations())
