"""How packages are installed where this program runs: by pip, or by uv if that set it up."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Literal

Extra = Literal["detect", "gguf", "notify", "photos", "quantize", "ray", "sign", "upscale"]

EXTRAS: dict[Extra, str] = {
    "detect": "detectors that find what a retouch names",
    "gguf": "quantised denoisers, as .gguf files",
    "notify": "messages on the desktop, to phones, chats and mailboxes",
    "photos": "HEIC and JPEG XL pictures",
    "quantize": "models in eight or four bits",
    "ray": "rendering on the computers of a Ray cluster",
    "sign": "content credentials in exported copies",
    "upscale": "upscalers as steps of a refinement",
}
"""What can be added to an installation by `hotfolder setup NAME`, and what it is for."""


def remedy(extra: Extra) -> str:
    """What to type to add one of EXTRAS, wherever hotfolder is installed; it names no place."""
    return f"hotfolder setup {extra}"


def requirements(extra: str) -> list[str]:
    """The packages that an extra asks for here, as an installer takes them: `gguf>=0.17`."""
    from importlib import metadata

    from packaging.requirements import Requirement

    wanted = map(Requirement, metadata.requires("hotfolder") or ())
    return [
        f"{each.name}{each.specifier}"
        for each in wanted
        if each.marker is not None
        and each.marker.evaluate({"extra": extra})
        and not each.marker.evaluate({"extra": ""})
    ]


def command(*packages: str, replace: str = "") -> list[str]:
    """The command that installs packages here; `replace` names one that is put anew in any case."""
    # start.sh and start.bat put uv beside the environment, which then has no pip.
    places = [os.environ.get("PATH", ""), str(Path(sys.prefix).parent / ".uv")]
    uv = shutil.which("uv", path=os.pathsep.join(places))
    if not _has_pip() and uv:
        anew = ["--reinstall-package", replace, "--upgrade"] if replace else []
        return [uv, "pip", "install", "--python", sys.executable, *anew, *packages]
    anew = ["--upgrade", "--force-reinstall"] if replace else []
    return [sys.executable, "-m", "pip", "install", *anew, *packages]


def line(words: list[str]) -> str:
    """A command as one types it."""
    return " ".join(f'"{word}"' if set(word) & set(" <>!") else word for word in words)


def _has_pip() -> bool:
    """Whether this environment has pip.

    Its module must not be looked for: setuptools takes that for pip at work and steps aside, and
    torch can compile nothing any more in this process.
    """
    from importlib import metadata

    return next(iter(metadata.distributions(name="pip")), None) is not None
