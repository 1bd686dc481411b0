"""Files in `inbox/failed/` that lacked something which has come since: a profile, a LoRA, a model.

Only those are tried again of which our own note says that something was not here; who made a
mistake has to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from hotfolder.errors import MistakesError, PictureError
from hotfolder.recipes.config import Config
from hotfolder.recipes.sources import is_hub_id
from hotfolder.snapshot import FailedFile, PromptFile
from hotfolder.studio import beneath
from hotfolder.studio.layout import Studio
from hotfolder.studio.reading import Reading
from hotfolder.studio.scan.apart import Apart, BeingReadError
from hotfolder.studio.scan.folders import Folders
from hotfolder.studio.scan.inbox import NOTES, Inbox
from hotfolder.studio.scan.listing import listing
from hotfolder.studio.scan.prompt_files import Waiting
from hotfolder.studio.store.moves import LACKS

_FAILED = "inbox/failed"
_LONGEST_NOTE = 2**16
_MOST = 200
Signature = tuple[int, frozenset[str]]
_NEVER: Signature = -1, frozenset()


class Retries:
    """Looks whether failed files lack nothing any more; each once whenever something has come.

    At the first look all are tried: something may have come while nobody looked. `due` are those
    to be put back.
    """

    def __init__(self, studio: Studio, apart: Apart) -> None:
        self.due: list[FailedFile] = []
        self._apart = apart
        self._studio = studio
        self._version = 0
        self._known: dict[str, Signature] = {}
        self._looked_before = False

    def changed(self) -> None:
        """The owner's profiles, word lists or folders have changed."""
        self._version += 1

    def done(self, path: str) -> None:
        """A file was put back."""
        self.due = [file for file in self.due if file.path != path]

    def look(self, config: Config) -> None:
        """See which files have what they lacked."""
        files = dict(listing(self._studio.root, [_FAILED]))
        lacking = [path for path in files if self._lacks(path, files)][:_MOST]
        if not lacking and not self._known:
            self._looked_before = True
            return
        now = self._version, frozenset(_here(config, self._studio.root))
        waits = {file.path for file in self.due}  # since it could not be moved
        tried = [path for path in lacking if self._known.get(path, now) != now or path in waits]
        if not self._looked_before:
            tried = lacking
        self._looked_before = True
        self._known = dict.fromkeys(lacking, now)
        self.due = [file for path in tried if (file := self._whole(path, files, config))]

    def _lacks(self, path: str, files: dict[str, Reading]) -> bool:
        """Whether our note beside a file says that something was not here."""
        note = path + NOTES[0]
        if path.endswith(NOTES) or note not in files:
            return False
        with suppress(OSError, PictureError):
            return LACKS.encode() in beneath.read(self._studio.root, note, _LONGEST_NOTE)
        return False

    def _whole(self, path: str, files: dict[str, Reading], config: Config) -> FailedFile | None:
        """The file with what came along, if it can be read as it is now."""
        stem = str(PurePosixPath(path).with_suffix(""))
        others = [
            name
            for name in files
            if name != path and str(PurePosixPath(name).with_suffix("")) == stem
        ]
        beside = tuple(name for name in others if not name.endswith(NOTES))
        inbox = Inbox(self._studio, Folders(self._studio), self._apart)
        for name in (path, *beside):
            inbox.put(name, files[name])
        while inbox.is_due:
            inbox.read_next(config)
        entry = dict(inbox.entries()).get(path)
        if isinstance(entry, Waiting) and entry.says == BeingReadError.says:
            self._known[path] = _NEVER  # it is known at the next look
        return FailedFile(path, beside) if isinstance(entry, PromptFile) else None


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


def _here(config: Config, root: Path) -> Iterator[str]:
    """The files and folders of models that profiles name and that are here."""
    for name in config.profiles:
        with suppress(MistakesError):
            model = config.profile(name).model
            named = (model.source, model.vae, *(lora.source for lora in model.loras))
            for source in (*named, *model.embeddings.values()):
                if source and not source.startswith("shipped:") and not is_hub_id(source):
                    with suppress(OSError, ValueError):
                        if (root / Path(source).expanduser()).exists():
                            yield source
