"""What a .safetensors file says of itself, and what is wrong with one that cannot be opened."""

from __future__ import annotations

from pathlib import Path

from hotfolder.errors import ModelMissingError, RenderError

_PICKLES = (b"PK\x03\x04", b"\x80")  # zipped and plain, as torch.save writes them
PICKLED = "pickled weights can run code and are never opened; look for a .safetensors version"


def shapes(path: Path) -> dict[str, list[int]]:
    """The name and shape of every tensor in the file, from its header alone.

    Raises ModelMissingError for a file that is not here, and RenderError with the reason for one
    that is no whole safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    shown = f"{path.parent.name}/{path.name}"
    try:
        with safe_open(path, "pt") as tensors:
            return {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise ModelMissingError(f"there is no file {path}") from error
    except (OSError, SafetensorError) as error:
        with path.open("rb") as file:
            pickled = file.read(4).startswith(_PICKLES)
        if pickled:
            raise RenderError(f"{shown} is no safetensors file inside: {PICKLED}") from error
        raise RenderError(
            f"{shown} is damaged, or was not downloaded whole ({error}); download it again"
        ) from error
