"""What lies on Hugging Face's hub: where it is on this computer, and which files of it are needed.

Files lie in the hub's own cache layout, so other programs share them: `blobs/` has the contents by
their hashes, `snapshots/COMMIT/` the names, `refs/` the commits of branches.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotfolder.errors import ModelMissingError, RenderError, did_you_mean
from hotfolder.recipes.model import Model
from hotfolder.recipes.sources import is_hub_id
from hotfolder.render.models import families

MAIN = "main"
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
PARTIAL = ".incomplete"
_REVISION = re.compile(r"\w[\w-]*(?:\.[\w-]+)*")  # one that is surely no path to elsewhere
_FILTER = ("safety_checker", "feature_extractor")


@dataclass(frozen=True, slots=True)
class Source:
    """Something on the hub that a profile names: a whole model, a part of one, or one file."""

    repository: str
    revision: str = MAIN
    file: str = ""
    variant: str = ""
    part: bool = False
    safety_checker: bool = False
    without: tuple[str, ...] = ()  # parts whose weights the owner has in files

    def __str__(self) -> str:
        return f"{self.repository}/{self.file}".rstrip("/")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the hub: its path there, its size, and the hash that names its contents."""

    name: str
    bytes: int
    sha: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a repository at one commit."""

    commit: str
    files: tuple[RemoteFile, ...]


def sources(model: Model, base: Path | None) -> tuple[Source, ...]:
    """All that `model` has on the hub. Relative paths start at `base`; what is there is not.

    Raises RenderError for a `hub:` that names no .safetensors file.
    """
    found = []
    if model.source.startswith("hub:"):
        found.append(file_source(model.source, model.revision))
    elif is_hub_id(model.source) and not _exists(model.source, base):
        variant, checker = model.variant or "", model.safety_checker
        revision = model.revision or MAIN
        found.append(Source(model.source, revision, "", variant, safety_checker=checker))
    if model.vae and is_hub_id(model.vae) and not _exists(model.vae, base):
        found.append(Source(model.vae, part=True))
    files = [model.vae, *(lora.source for lora in model.loras), *model.embeddings.values()]
    found += [file_source(source) for source in files if source and source.startswith("hub:")]
    return tuple(found)


def _exists(source: str, base: Path | None) -> bool:
    return ((base or Path()) / Path(source).expanduser()).exists()


def file_source(text: str, revision: str | None = None) -> Source:
    """What `hub:owner/name/FILE.safetensors` names. Raises RenderError for anything else."""
    parts = text.removeprefix("hub:").split("/")
    if len(parts) < 3 or not parts[-1].endswith((".safetensors", ".gguf")):
        raise RenderError(f'expected "hub:owner/name/FILE.safetensors", got "{text}"')
    return Source("/".join(parts[:2]), revision or MAIN, "/".join(parts[2:]))


def cached(source: Source) -> Path | None:
    """Where `source` is on this computer: its file or snapshot, whole or not; None if nowhere."""
    folder = folder_of(source)
    commit = source.revision
    with contextlib.suppress(OSError):
        commit = (folder / "refs" / source.revision).read_text(encoding="utf-8").strip()
    path = folder / "snapshots" / commit / source.file
    seen = path if source.file else path / ("config.json" if source.part else "model_index.json")
    return path if seen.is_file() else None


def require_kept(model: Model, base: Path | None) -> None:
    """Raises ModelMissingError unless the revision of `model` was fetched before."""
    wanted = next(iter(sources(model, base)), None)
    if wanted is None:
        return
    revision = wanted.revision
    if not _REVISION.fullmatch(revision) or cached(wanted) is None:
        raise ModelMissingError(
            f"{wanted} is not on this computer as it was at {revision}; "
            f"`hotfolder fetch {wanted.repository}@{revision}` fetches that"
        )


def commit_of(path: Path) -> str:
    """The commit that something in the cache is of, told from its path; "" for anything else."""
    try:
        below = path.relative_to(cache()).parts
    except ValueError:
        return ""
    return below[2] if len(below) > 2 and below[1] == "snapshots" else ""


def folder_of(source: Source) -> Path:
    return cache() / f"models--{source.repository.replace('/', '--')}"


def cache() -> Path:
    """The folder that the hub's library keeps all repositories in."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def free_bytes(folder: Path) -> int:
    """What is free on the disk of a folder, which may be made later."""
    return shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free


def repositories() -> dict[str, tuple[Path, int]]:
    """The models in the cache: where they are, and their bytes without what is half fetched."""
    found = {}
    for folder in sorted(cache().glob("models--*--*")):
        kept = (*folder.glob("blobs/*"), *folder.glob("snapshots/**/*"))
        blobs = [file for file in kept if file.is_file() and not file.is_symlink()]
        size = sum(file.stat().st_size for file in blobs if file.suffix != PARTIAL)
        name = folder.name.removeprefix("models--").replace("--", "/", 1)
        found[name] = folder, size
    return found


def partial_bytes() -> int:
    """How much downloads hold that broke off."""
    return sum(file.stat().st_size for file in cache().glob(f"models--*/blobs/*{PARTIAL}"))


def clear_partial() -> int:
    """Remove what downloads that broke off have left; the bytes that are free again."""
    freed = 0
    for file in cache().glob(f"models--*/blobs/*{PARTIAL}"):
        with contextlib.suppress(OSError):
            size = file.stat().st_size
            file.unlink()
            freed += size
    return freed


def endpoint() -> str:
    """The address of the hub, or of the one that HF_ENDPOINT puts in its place."""
    from huggingface_hub import constants

    return constants.ENDPOINT


def offline() -> bool:
    """Whether HF_HUB_OFFLINE forbids to ask the network."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def needed(
    source: Source, files: Sequence[RemoteFile], index: Mapping[str, Any]
) -> list[RemoteFile]:
    """Those of `files` that are read to make pictures; `index` is the model_index.json.

    One edition of the weights: the variant where there is one, and never a pickle. Raises
    ModelMissingError where the hub has no weights that can be used.
    """
    if source.file:
        found = [file for file in files if file.name == source.file]
        if not found:
            raise ModelMissingError(
                f"{source.repository} on the hub has no file {source.file}; "
                f"correct it in the profile{_nearest(source.file, files)}"
            )
        return found
    needless = {*families.unused(str(index.get("_class_name")))}
    if not source.safety_checker:
        needless |= {*_FILTER}
    parts = [
        name
        for name, library in index.items()
        if isinstance(library, list) and library and isinstance(library[0], str)
        if name not in needless
    ] or [""]  # a part of a model is one itself
    chosen: list[RemoteFile] = []
    editions = [_edition(files, name, source.variant) for name in parts]
    if source.variant and not any(by_variant for _, by_variant in editions):
        raise ModelMissingError(
            f"{source.repository} has no {source.variant} edition of its weights; "
            "take `variant` out of the profile"
        )
    for name, (weights, _) in zip(parts, editions, strict=True):
        own = [file for file in files if _folder_of(file) == name]
        if name in source.without:
            chosen += [file for file in own if file.name.endswith(".json")]
            continue
        if not weights and any(file.name == f"{name}/config.json".lstrip("/") for file in own):
            raise ModelMissingError(
                f"{source.repository} has no .safetensors weights in {name}/; pickled weights can "
                "run code and are never opened; choose another repository"
            )
        chosen += weights
        chosen += [f for f in own if f.name.endswith((".json", ".txt", ".model", ".jinja"))]
    # The index comes last, so that it never leads to half a model.
    chosen += [file for file in files if file.name == "model_index.json"]
    return [file for file in chosen if not _index_of_another(file, chosen)]


def _folder_of(file: RemoteFile) -> str:
    return file.name.rpartition("/")[0]


def _edition(files: Sequence[RemoteFile], part: str, variant: str) -> tuple[list[RemoteFile], bool]:
    """The weights of a part, and whether they are of the variant that was asked for."""
    by_variant: list[RemoteFile] = []
    plain: list[RemoteFile] = []
    dot = re.escape(f".{variant}")
    number = r"-\d{5}-of-\d{5}"
    stem = r"(?:diffusion_pytorch_model|model|pytorch_model)"
    for file in files:
        if _folder_of(file) != part:
            continue
        name = file.name.rpartition("/")[2]
        if re.fullmatch(rf"{stem}(?:{number})?\.safetensors", name):
            plain.append(file)
        elif variant and re.fullmatch(
            rf"{stem}(?:{dot}(?:{number})?|{number}{dot})\.safetensors", name
        ):
            by_variant.append(file)
    return _one_form(by_variant or plain), bool(by_variant)


def _one_form(weights: list[RemoteFile]) -> list[RemoteFile]:
    """The whole file where the same weights lie there in parts as well."""
    whole = [file for file in weights if "-of-" not in file.name]
    return whole or weights


def _index_of_another(file: RemoteFile, chosen: Iterable[RemoteFile]) -> bool:
    """Whether a file lists the parts of weights that are not fetched."""
    if ".safetensors.index" not in file.name:
        return False
    variant = re.search(r"index\.([^.]+)\.json$|\.([^.]+)\.safetensors\.index", file.name)
    named = next((word for word in variant.groups() if word), "") if variant else ""
    return not any(
        "-of-" in other.name
        and _folder_of(other) == _folder_of(file)
        and (f".{named}" in other.name if named else other.name.count(".") == 1)
        for other in chosen
    )


def _nearest(name: str, files: Iterable[RemoteFile]) -> str:
    return f"; {did_you_mean(name, [f.name for f in files if f.name.endswith('.safetensors')])}"
