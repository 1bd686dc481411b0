"""What a file of weights says of itself: its tensors and its metadata, read from its beginning.

Nothing is unpickled, and no more is read than a header may hold, whoever wrote it.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hotfolder.errors import ModelMissingError, RenderError, did_you_mean

SAFETENSORS, GGUF = ".safetensors", ".gguf"
PICKLED = "pickled weights can run code and are never opened; look for a .safetensors version"
_SHORT = ".sft"  # some call them so
_PICKLES = {".ckpt", ".pt", ".pth", ".bin", ".pkl"}
_UNFINISHED = {".crdownload", ".part", ".partial", ".download", ".aria2", ".tmp", ".incomplete"}
_PIECE = re.compile(r"-0*\d+-of-0*([2-9]|\d{2,})\.(safetensors|gguf)", re.IGNORECASE)
_MOST_BESIDE = 1000  # names that are looked through for a similar one
_MAGIC = b"GGUF"
# What a file is that calls itself .safetensors, by how it begins.
_OTHERS = {
    b"PK\x03\x04": f"is not really a safetensors file: {PICKLED}",  # torch.save's zip
    b"\x80": f"is not really a safetensors file: {PICKLED}",  # ... and plain
    _MAGIC: f"is really a GGUF file; rename it to end in {GGUF} again",
    b"<": "is a web page, because the site wanted something first, such as a login; "
    "download it in a browser",
    b"{": "is a message from the site, because it wanted something first, such as logging in; "
    "download it in a browser",
    b"version https://git-lfs": "is a pointer to the weights (Git LFS) without them; "
    "download the file itself, or run git lfs pull",
}
_MOST_BYTES = 100_000_000  # of a header: as many as the library of safetensors takes
_MOST_TENSORS = 100_000
_STRING, _ARRAY = 8, 9  # kinds of GGUF's values
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Header:
    """Of every tensor its shape and number format ("F16", "F8_E4M3", …); the file's metadata."""

    shapes: Shapes
    formats: Mapping[str, str]
    metadata: Mapping[str, str]


def read(path: Path) -> Header:
    """The header of a .safetensors or .gguf file.

    Raises ModelMissingError for a file that is not here, and RenderError with the reason for one
    that is pickled, damaged, or not whole.
    """
    if path.suffix.lower() == GGUF:
        return _read_gguf(path)
    return _read_safetensors(path)


def _read_safetensors(path: Path) -> Header:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as tensors:
            slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118
            shapes = {name: tuple(tensor.get_shape()) for name, tensor in slices.items()}
            formats = {name: tensor.get_dtype() for name, tensor in slices.items()}
            return Header(shapes, formats, tensors.metadata() or {})
    except FileNotFoundError as error:
        raise ModelMissingError(f"there is no file {path}") from error
    except OSError as error:
        raise RenderError(f"{_shown(path)} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        with path.open("rb") as file:
            beginning = file.read(max(map(len, _OTHERS)))
        for other, says in _OTHERS.items():
            if beginning.startswith(other):
                raise RenderError(f"{_shown(path)} {says}") from error
        if not beginning:
            raise RenderError(f"{_shown(path)} is empty; download it again") from error
        raise _damaged(path) from error


def misnamed(path: Path) -> str:
    """Why a file whose name does not end as weights do is not opened, for whoever named it."""
    if path.suffix.lower() == _SHORT:
        return f"rename it to end in {SAFETENSORS}"
    if path.suffix.lower() == GGUF:
        return (
            "among GGUF files only denoisers are used, as model.transformer; "
            "look for a .safetensors version"
        )
    if path.suffix.lower() in _UNFINISHED:
        return "it is still being downloaded, or was not downloaded whole"
    return PICKLED if path.suffix.lower() in _PICKLES else "look for a .safetensors version"


def nearest(path: Path) -> str:
    """The end of a sentence that asks whether another name beside a missing one is meant, or ""."""
    try:
        beside = [entry.name for entry in itertools.islice(path.parent.iterdir(), _MOST_BESIDE)]
    except OSError:
        return ""
    asks = did_you_mean(path.name, beside)
    return f"; {asks}" if asks.startswith("did you mean") else ""


def piece(path: Path) -> str:
    """A sentence if a file is by its name a piece of a model in several, or ""."""
    if found := _PIECE.search(path.name):
        return (
            f"{path.name} is one of {found[1]} pieces of a file; look for the model in one file, "
            "or use the whole folder of diffusers that it belongs to"
        )
    return ""


def _read_gguf(path: Path) -> Header:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _Gguf(file, min(size, _MOST_BYTES)).header()
    except FileNotFoundError as error:
        raise ModelMissingError(f"there is no file {path}") from error
    except OSError as error:
        raise RenderError(f"{_shown(path)} cannot be read: {error.strerror or error}") from error
    except (ValueError, struct.error) as error:
        raise _damaged(path, f" ({error})") from error


class _Gguf:
    """Reads GGUF's header in its order; ValueError for anything that it cannot be."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._left = most

    def header(self) -> Header:
        if self._bytes(4) != _MAGIC or self._number("I") not in (2, 3):
            raise ValueError("it does not begin like a GGUF file")
        tensors, values = self._number("Q"), self._number("Q")
        if tensors > _MOST_TENSORS or values > _MOST_TENSORS:
            raise ValueError(f"it claims to have {tensors} tensors and {values} notes")
        metadata = {}
        for _ in range(values):
            key = self._text()
            if (told := self._value(self._number("I"))) is not None:
                metadata[key] = told
        shapes: dict[str, tuple[int, ...]] = {}
        formats: dict[str, str] = {}
        for _ in range(tensors):
            name = self._text()
            if (dimensions := self._number("I")) > 8:
                raise ValueError(f"the tensor {name[:60]!r} has {dimensions} dimensions")
            sides = [self._number("Q") for _ in range(dimensions)]
            shapes[name] = tuple(reversed(sides))  # GGUF counts from the inside
            formats[name] = f"GGUF {self._number('I')}"
            self._number("Q")  # where its data begin
        return Header(shapes, formats, metadata)

    def _value(self, kind: int) -> str | None:
        """A value if it is text; anything else is passed over."""
        if kind == _STRING:
            return self._text()
        if kind == _ARRAY:
            inside, count = self._number("I"), self._number("Q")
            if inside == _STRING:
                for _ in range(count):
                    self._text()
            else:
                self._bytes(self._width(inside) * count)
        else:
            self._bytes(self._width(kind))
        return None

    def _width(self, kind: int) -> int:
        if kind not in _WIDTHS:
            raise ValueError(f"it has a value of the unknown kind {kind}")
        return _WIDTHS[kind]

    def _text(self) -> str:
        return self._bytes(self._number("Q")).decode("utf-8", "replace")

    def _number(self, kind: str) -> int:
        size = struct.calcsize(f"<{kind}")
        number: int = struct.unpack(f"<{kind}", self._bytes(size))[0]
        return number

    def _bytes(self, count: int) -> bytes:
        self._left -= count
        if self._left < 0:
            raise ValueError("its header is longer than the file, or longer than a header may be")
        data = self._file.read(count)
        if len(data) < count:
            raise ValueError("it ends inside its header")
        return data


def _damaged(path: Path, why: str = "") -> RenderError:
    return RenderError(
        f"{_shown(path)} is damaged, or was not downloaded whole{why}; download it again"
    )


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
