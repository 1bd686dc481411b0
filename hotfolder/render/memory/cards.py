"""Graphics cards that are in the computer, asked of the system, and why torch cannot use them."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hotfolder import installation

_INDEX = "https://download.pytorch.org/whl"
_QUERY = ("--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader")


@dataclass(frozen=True, slots=True)
class Card:
    """A card: its maker (`nvidia`, `amd` or `apple`), its name, its driver's version.

    `capability` is NVIDIA's compute capability, (8, 6) for 8.6; None where it is not known.
    """

    maker: str
    name: str
    driver: str = ""
    capability: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Torch:
    """What the installed torch can do: its version, the CUDA or HIP that it was built for.

    `works` says whether it can compute on a card now, `architectures` for which it has code, as
    `torch.cuda.get_arch_list` names them: `sm_86`.
    """

    version: str
    cuda: str = ""
    hip: str = ""
    works: bool = False
    architectures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Build:
    """A build of torch to install: what of it, and its name at pytorch.org (PyPI's where empty)."""

    name: str = ""
    wanted: str = "torch"

    def command(self) -> list[str]:
        """The command that replaces the installed torch by this build."""
        index = ["--index-url", f"{_INDEX}/{self.name}"] if self.name else []
        return installation.command(self.wanted, *index, replace="torch")

    def line(self) -> str:
        """The command as one types it."""
        return installation.line(self.command())


# The builds that serve the most cards.
_CUDA, _ROCM, _NEWEST = Build("cu126"), Build("rocm6.4"), Build()
_FOR_OLD_CARDS = Build("cu118", "torch==2.7.1")


def kept(torch: Torch) -> list[str]:
    """What keeps an installer from putting another torch in the place of this one."""
    _, _, build = torch.version.partition("+")
    if not re.fullmatch(r"[\w.+]+", torch.version):
        return []
    index = ["--extra-index-url", f"{_INDEX}/{build}"] if build else []
    return [f"torch=={torch.version}", *index]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why torch cannot use a card, what to do about it, and the build of torch that would help."""

    says: str
    advice: str
    build: Build | None = None


def card() -> Card | None:
    """The first card that could be used for rendering; None if there is none."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return Card("apple", "Apple silicon")
    if found := _nvidia():
        return found
    if Path("/dev/kfd").exists():  # the kernel's interface of ROCm
        return Card("amd", "an AMD GPU")
    return None


def torch_here() -> Torch:
    """What the installed torch can do. Imports it."""
    import torch

    works = torch.cuda.is_available() or torch.backends.mps.is_available()
    architectures = tuple(torch.cuda.get_arch_list()) if torch.cuda.is_available() else ()
    return Torch(
        str(torch.__version__),
        str(torch.version.cuda or ""),
        str(torch.version.hip or ""),
        works,
        architectures,
    )


def torch_in_another_process() -> Torch:
    """The same, without holding its files open here. Raises OSError or ValueError."""
    code = (
        "import dataclasses, json; from hotfolder.render.memory import cards; "
        "print(json.dumps(dataclasses.asdict(cards.torch_here())))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    told = json.loads(done.stdout or "null")
    if not isinstance(told, dict):
        raise ValueError("torch does not start")
    return Torch(**{**told, "architectures": tuple(told["architectures"])})


def trouble(found: Card | None, torch: Torch) -> Trouble | None:
    """Why torch cannot use the card that is here, and the remedy; None where all is well."""
    if found is None:
        return None
    if found.maker == "apple":
        if torch.works:
            return None
        says = "this Mac's GPU cannot be used: torch needs macOS 14 or later on Apple silicon"
        return Trouble(says, f"Update macOS, then run: {_NEWEST.line()}")
    if found.maker == "amd":
        if torch.works or torch.hip:
            return None
        says = f"{found.name} was found, but the installed torch {torch.version} cannot use it"
        return _cured(says, _ROCM)
    if torch.works:
        return _missing_code(found, torch)
    if not torch.cuda:
        says = f"{found.name} was found, but the installed torch {torch.version} is for CPUs only"
        return _cured(says, _CUDA)
    says = (
        f"{found.name} was found, but torch {torch.version} cannot use it with the driver "
        f"{found.driver or 'that is installed'} (it was built for CUDA {torch.cuda})"
    )
    advice = "Install the newest driver from nvidia.com/drivers, then restart the computer."
    return Trouble(says, advice)


def _missing_code(found: Card, torch: Torch) -> Trouble | None:
    """A card that is too new or too old for the code that torch brings."""
    if found.capability is None or not torch.architectures:
        return None
    numbers = [name.rpartition("_")[2].rstrip("af") for name in torch.architectures]
    known = sorted(divmod(int(number), 10) for number in numbers if number.isdecimal())
    major, minor = found.capability
    if any(one[0] == major and one[1] <= minor for one in known) or not known:
        return None
    is_new = found.capability > known[-1]
    says = f"{found.name} is too {'new' if is_new else 'old'} for the installed torch"
    return _cured(f"{says} {torch.version}", _NEWEST if is_new else _FOR_OLD_CARDS)


def _cured(says: str, build: Build) -> Trouble:
    return Trouble(says, f"`hotfolder setup` changes that, or run: {build.line()}", build)


def _nvidia() -> Card | None:
    program = shutil.which("nvidia-smi")
    if program is None and sys.platform == "win32":
        system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32")
        if not (system / "nvcuda.dll").exists():
            return None
        program = str(system / "nvidia-smi.exe")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *_QUERY], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    for line in done.stdout.splitlines():
        name, driver, capability = [*(part.strip() for part in line.split(",")), "", "", ""][:3]
        major, _, minor = capability.partition(".")
        known = (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None
        return Card("nvidia", name, driver, known)
    return None
