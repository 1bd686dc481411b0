"""Which tests are left out on Windows, and why: what they do is POSIX by nature.

The list stands in one place, so that `docs/windows.md` can be held against it.
"""

from __future__ import annotations

import inspect

import pytest

WORDS = {
    "symlink": "a link needs a right there that users have not",
    "put_link(": "a link needs a right there that users have not",
    "hardlink_to": "a link needs a right there that users have not",
    "mkfifo": "no pipe lies in a folder there",
    "AF_UNIX": "no socket lies in a folder there",
    "chmod": "permissions are other ones there",
    "setxattr": "no extended attributes there",
    "os.fork": "processes do not fork there",
    "SIGKILL": "signals are other ones there",
    "SIGSTOP": "signals are other ones there",
    "setrlimit": "limits of a process are other ones there",
    "/dev/": "no devices among files there",
    "/proc/": "the kernel is another one there",
    "os.fsdecode(": "names are text there, not bytes",
    "st_blocks": "sparse files are told otherwise there",
    "supports_dir_fd": "folders have no descriptors there",
    "_DESCRIPTORS": "folders have no descriptors there",
}
"""What the text of a test uses."""

WINE = {
    "hint_of(": "wine tells nobody what changes in a folder",
    "hinted(": "wine tells nobody what changes in a folder",
    "all_until(": "wine tells nobody what changes in a folder",
}
"""The same, of tests that run on a real Windows."""

MODULES = {
    "test_attacks": "its attacks are links, pipes and devices",
    "test_campaigns": "its faults are those of Linux system calls and signals",
    "test_cron": "crontabs",
    "test_systemd": "systemd",
    "test_launchd": "launchd",
}
"""Whole files."""


def why(item: pytest.Item) -> str | None:
    """Why a test is left out; None if it is run."""
    if marker := item.get_closest_marker("posix"):
        return str(marker.args[0])
    if reason := MODULES.get(item.path.stem):
        return reason
    text = inspect.getsource(item.function) if isinstance(item, pytest.Function) else ""
    words = {**WORDS, **(WINE if is_wine() else {})}
    return next((reason for word, reason in words.items() if word in text), None)


def is_wine() -> bool:
    """Whether this Windows is wine."""
    import ctypes

    return hasattr(getattr(ctypes, "windll").ntdll, "wine_get_version")  # noqa: B009 - not on Linux
