"""Fetching from the hub: nothing twice, and nothing that is not what the hub says it is.

A blob in the making is `HASH.incomplete`; it goes on from its last byte, whoever began it, and is
hashed before it counts. One request at a time, in the caller's thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from hotfolder import __version__, held
from hotfolder.errors import ModelMissingError, NetworkError, reason
from hotfolder.render.models import hub, trouble
from hotfolder.render.models.hub import PARTIAL, Listing, RemoteFile, Source
from hotfolder.replacement import replace

OnBytes = Callable[[int], None]
KEEP_FREE_BYTES = 10**9  # on the disk of the cache
STALL_S = 20.0  # without a byte: the connection is given up, and another one goes on
PAUSE_S = 0.5  # before it is asked again, and twice as long each time
_TRIES = 3  # in a row that bring no byte, before others are asked to wait
_ORPHANED_S = 7 * 86_400.0
_CHUNK_BYTES = 2**20


def fetch(
    source: Source,
    began: Callable[[int, int], None],
    on_bytes: OnBytes,
    stopped: Callable[[], bool],
) -> None:
    """Bring `source` into the cache; goes on where an earlier try ended.

    `began(total, here)` is told how many bytes it has and how many are here already, `on_bytes`
    each time how many more came. Ends early, without a word, when `stopped()` says so. Raises
    NetworkError for what may pass, and ModelMissingError for what its owner must see to.
    """
    if hub.offline():
        raise ModelMissingError(
            f"the model {source} is not on this computer, and HF_HUB_OFFLINE forbids fetching it"
        )
    folder = hub.folder_of(source)
    at = listing(source)
    with _disk_in_words():
        files = _chosen(source, at, folder, stopped)
        blobs = {file.sha: file for file in files}.values()  # some files are alike
        total = sum(file.bytes for file in blobs)
        here = sum(
            file.bytes if _is_here(file, at.commit, folder) else _begun(folder, file)
            for file in blobs
        )
        began(total, here)
        _require_room(folder, total - here)
        for file in files:
            _fetch_file(source, at.commit, file, folder, on_bytes, stopped)
            if stopped():
                return
        _note_commit(folder, source.revision, at.commit)
        _clear_orphans(folder / "blobs")


def listing(source: Source) -> Listing:
    """What lies on the hub. Raises NetworkError, or ModelMissingError with what to do."""
    url = f"{hub.endpoint()}/api/models/{source.repository}/revision/{source.revision}?blobs=true"
    with trouble.in_words(source.repository, source.revision):
        answer = _get(url)
        files = []
        for entry in answer["siblings"]:
            sha = (entry.get("lfs") or {}).get("sha256") or entry["blobId"]
            path = PurePosixPath(entry["rfilename"])
            if path.is_absolute() or not _plain(path) or not hub.HASH.fullmatch(sha):
                continue  # nothing that a model needs is called so
            files.append(RemoteFile(path.as_posix(), int(entry["size"]), sha))
        if not hub.HASH.fullmatch(answer["sha"]):
            raise ValueError(answer["sha"])
        return Listing(answer["sha"], tuple(files))


def _plain(path: PurePosixPath) -> bool:
    return not any(part == ".." or set(part) & set('\\:*?"<>|') for part in path.parts)


def _get(url: str) -> Any:
    from huggingface_hub import get_session, hf_raise_for_status

    answer = get_session().get(url, headers=_headers(), timeout=STALL_S)
    hf_raise_for_status(answer)
    return answer.json()


def _headers() -> dict[str, str]:
    """Who asks; with the token that the owner of this computer has saved for the hub, if any."""
    from huggingface_hub import get_token

    token = get_token()
    return {"User-Agent": f"hotfolder/{__version__}"} | (
        {"Authorization": f"Bearer {token}"} if token else {}
    )


def _chosen(
    source: Source, at: Listing, folder: Path, stopped: Callable[[], bool]
) -> list[RemoteFile]:
    index: dict[str, Any] = {}
    if not source.file and not source.part:
        index = _index(source, at, folder, stopped)
    return hub.needed(source, at.files, index)


def _index(
    source: Source, at: Listing, folder: Path, stopped: Callable[[], bool]
) -> dict[str, Any]:
    file = next((file for file in at.files if file.name == "model_index.json"), None)
    if file is None:
        raise ModelMissingError(
            f"{source.repository} is not a diffusers model (it has no model_index.json); "
            'to use one file of it, write source = "hub:owner/name/FILE.safetensors"'
        )
    # Among the blobs only: a snapshot with an index counts as a model.
    _fetch_blob(source, at.commit, file, folder, lambda _: None, stopped)
    try:
        found = json.loads(_blob(folder, file).read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ModelMissingError(f"the model_index.json of {source.repository} cannot be read")
    return found


def _blob(folder: Path, file: RemoteFile) -> Path:
    return folder / "blobs" / file.sha


def _begun(folder: Path, file: RemoteFile) -> int:
    """How many bytes of a file came in an earlier try."""
    with contextlib.suppress(OSError):
        return min(file.bytes, _partial(folder, file).stat().st_size)
    return 0


def _partial(folder: Path, file: RemoteFile) -> Path:
    return folder / "blobs" / f"{file.sha}{PARTIAL}"


def _is_here(file: RemoteFile, commit: str, folder: Path) -> bool:
    """Whether a file is in its snapshot, or its contents wait to be named."""
    for path in (folder / "snapshots" / commit / file.name, _blob(folder, file)):
        with contextlib.suppress(OSError):
            if path.stat().st_size == file.bytes:
                return True
    return False


def _require_room(folder: Path, wanted_bytes: int) -> None:
    free = hub.free_bytes(folder)
    if wanted_bytes and free < wanted_bytes + KEEP_FREE_BYTES:
        raise NetworkError(
            f"{wanted_bytes / 1e9:.1f} GB are still to be fetched, and the disk of {folder.parent} "
            f"has {free / 1e9:.1f} GB free; make room there, or set HF_HOME to another disk"
        )


def _fetch_file(
    source: Source,
    commit: str,
    file: RemoteFile,
    folder: Path,
    on_bytes: OnBytes,
    stopped: Callable[[], bool],
) -> None:
    """Have a file in its snapshot."""
    named = folder / "snapshots" / commit / file.name
    with contextlib.suppress(OSError):
        if named.stat().st_size == file.bytes:
            return
    if not _fetch_blob(source, commit, file, folder, on_bytes, stopped):
        return
    named.parent.mkdir(parents=True, exist_ok=True)
    held.delete(named)
    blob = _blob(folder, file)
    try:
        named.symlink_to(os.path.relpath(blob, named.parent))
    except OSError:  # Windows without the right to make links: the hub's library does the same
        held.replace(blob, named)


def _fetch_blob(
    source: Source,
    commit: str,
    file: RemoteFile,
    folder: Path,
    on_bytes: OnBytes,
    stopped: Callable[[], bool],
) -> bool:
    """Have a file's contents among the blobs, hashed; False when told to stop before."""
    blob, part = _blob(folder, file), _partial(folder, file)
    blob.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        if blob.stat().st_size == file.bytes:
            return True
    url = f"{hub.endpoint()}/{source.repository}/resolve/{commit}/{file.name}"
    with _alone(folder, file):
        idle = 0
        while (done := _begun(folder, file)) < file.bytes or not part.exists():
            try:
                with trouble.in_words(source.repository, source.revision, file.name):
                    _append(url, part, file.bytes, on_bytes, stopped)
            except NetworkError:
                idle = 0 if _begun(folder, file) > done else idle + 1
                if idle >= _TRIES:
                    raise
                time.sleep(PAUSE_S * 2**idle)
            if stopped():
                return False
        if _sha(part, file.sha) != file.sha:
            on_bytes(-file.bytes)
            held.delete(part)
            raise NetworkError(f"{file.name} of {source.repository} arrived damaged")
        held.replace(part, blob)
    return True


def _append(
    url: str, part: Path, size: int, on_bytes: OnBytes, stopped: Callable[[], bool]
) -> None:
    """Ask for what a partial file lacks, and add it."""
    from huggingface_hub import get_session, hf_raise_for_status

    done = part.stat().st_size if part.exists() else 0
    headers = _headers() | {"Accept-Encoding": "identity", "Range": f"bytes={done}-"}
    if not size:
        part.touch()
        return
    with get_session().stream(
        "GET", url, headers=headers, timeout=STALL_S, follow_redirects=True
    ) as answer:
        if answer.status_code >= 400:
            answer.read()
        hf_raise_for_status(answer)
        if answer.status_code == 206:
            begins = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("content-range", ""))
            fits = begins is not None and begins.groups() == (str(done), str(size))
        else:  # the whole, from a server that knows no ranges
            fits = answer.headers.get("content-length") in (None, str(size))
        if not fits:
            raise ValueError("a different file arrived from the one requested")
        mode = "ab" if answer.status_code == 206 else "wb"
        if mode == "wb" and done:
            on_bytes(-done)
        with part.open(mode, buffering=0) as stream:
            left = size - (done if mode == "ab" else 0)
            for data in answer.iter_raw():
                stream.write(data[:left])
                on_bytes(min(len(data), left))
                left -= len(data)
                if left <= 0 or stopped():
                    return


def _sha(path: Path, like: str) -> str:
    """The hash of a file as the hub names contents: SHA-256, or git's for small ones."""
    digest = hashlib.sha256() if len(like) == 64 else hashlib.sha1()  # noqa: S324 - as git does
    if len(like) == 40:
        digest.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as stream:
        while data := stream.read(_CHUNK_BYTES):
            digest.update(data)
    return digest.hexdigest()


@contextlib.contextmanager
def _alone(folder: Path, file: RemoteFile) -> Iterator[None]:
    """Hold the lock that all programs take which write this blob."""
    from filelock import FileLock, Timeout

    lock = folder.parent / ".locks" / folder.name / f"{file.sha}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout as error:
        raise NetworkError("another program is fetching it right now") from error


@contextlib.contextmanager
def _disk_in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NetworkError(f"the cache of models cannot be written: {reason(error)}") from error


def _note_commit(folder: Path, revision: str, commit: str) -> None:
    """Enter where a branch is now; last, so that it never leads to half a model."""
    if revision == commit:
        return
    ref = folder / "refs" / revision
    ref.parent.mkdir(parents=True, exist_ok=True)
    replace(ref, commit.encode(), mode=0o666)  # others may use the cache, too


def _clear_orphans(blobs: Path) -> None:
    """Remove what killed programs left of this repository a week ago or longer."""
    for partial in blobs.glob(f"*{PARTIAL}"):
        with contextlib.suppress(OSError):
            if time.time() - partial.stat().st_mtime > _ORPHANED_S:
                partial.unlink()
