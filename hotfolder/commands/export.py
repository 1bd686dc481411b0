"""`hotfolder export`: copies of pictures for publishing, with or without their prompts."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder.copies import Copy, copied
from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, PictureError, printable, refusal
from hotfolder.images import picture
from hotfolder.recipes.recipe import Recipe
from hotfolder.report.terminal import console
from hotfolder.studio.config import load
from hotfolder.studio.identity import Identity, identify
from hotfolder.studio.layout import Studio
from hotfolder.studio.pictures import by_recipe, pictures, studio_of
from hotfolder.studio.reading import read_file
from hotfolder.studio.store import atomic

if TYPE_CHECKING:
    from hotfolder.credentials.certificate import Credentials

_SELF_MADE = "signed with a self-made certificate: other programs say that its issuer is unknown"


def run(options: Namespace) -> int:
    """Copy each picture into a folder, and say what its copy carries."""
    screen = console()
    signer = _signer() if options.sign else None
    folder: Path = options.to
    failed, copies = False, 0
    for path in pictures(options.images):
        try:
            data, studio = read_file(path), studio_of(path)
            shown = identify(data, studio)
            copy = copied(path, data, shown, options.format, options.without_prompt)
            content = signer.signed(copy, shown, studio) if signer else copy.data
            folder.mkdir(parents=True, exist_ok=True)
            name = atomic.publish(folder, copy.name, content)
        except (OSError, PictureError) as error:
            failed = True
            says = refusal(error) if isinstance(error, OSError) else str(error)
            screen.print(f"{printable(str(path))} is not copied: {says}")
            continue
        copies += 1
        screen.print(f"{printable(str(path))} -> {printable(str(folder / name))}")
    if copies:
        prompt = "says at most that it was made by AI and with which model, without any prompt"
        says = prompt if options.without_prompt else "carries its prompts and its whole recipe"
        number = "1 copy, which" if copies == 1 else f"{copies} copies; each"
        screen.print(f"{number} {says}")
        if signer:
            screen.print(_SELF_MADE if signer.credentials.self_made else "signed")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


@dataclass(frozen=True, slots=True)
class _Signer:
    """Signs copies; finds the drafts that they were refined from."""

    credentials: Credentials
    drafts: dict[Path, dict[str, Path]] = field(default_factory=dict)

    def signed(self, copy: Copy, shown: Identity, studio: Studio | None) -> bytes:
        """The content of a copy with its credentials; raises PictureError."""
        from hotfolder.credentials import manifest, signing

        if shown.recipe is None:
            raise PictureError("only what hotfolder made can be signed: of others it knows nothing")
        source = manifest.picked(shown.recipe)
        draft = self._draft(source, studio) if studio and isinstance(source, Recipe) else None
        return signing.signed(
            copy.data, shown.recipe, self.credentials, copy.name, draft, copy.done, shown.edited
        )

    def _draft(self, recipe: Recipe, studio: Studio) -> bytes | None:
        """The draft of this recipe, without its prompt; None if it is not in the studio."""
        if studio.root not in self.drafts:
            self.drafts[studio.root] = by_recipe(pictures([studio.drafts, studio.seeds]))
        path = self.drafts[studio.root].get(recipe.id)
        if path is None:
            return None
        data = read_file(path, below=studio.root)
        shown = identify(data)
        if shown.recipe is None or shown.record is None or shown.edited:
            return None
        return picture.without_prompt(data, shown.recipe, shown.record)


def _signer() -> _Signer:
    from hotfolder.credentials import certificate

    return _Signer(certificate.credentials(load.owners().signing))
