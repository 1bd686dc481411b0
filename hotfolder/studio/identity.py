"""What is this picture? Ours as we made it, ours but edited, or somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct, field

from hotfolder.errors import PictureError
from hotfolder.images import metadata, pixels, recipe_text, stealth
from hotfolder.images.foreign import readers
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import Metadata
from hotfolder.images.recipe_text import Carrier
from hotfolder.prompts import paragraphs
from hotfolder.recipes.recipe import Pixels, Recipe
from hotfolder.recipes.record import Record
from hotfolder.studio.layout import Studio
from hotfolder.studio.store import archive

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Identity:
    """A picture and what it says of itself.

    `recipe` and `record` are there if it carries ours; `edited` says that its pixels are not the
    ones that its file showed when it was made. `carrier` is where the recipe was found; None says
    that the picture has lost it, and the studio knew its pixels. `params` is what another
    program says of it. `note` is a sentence about metadata that could not be used.
    `format` is the file's.
    """

    image: Image
    pixels: Pixels
    recipe: Recipe | None = None
    record: Record | None = None
    carrier: Carrier | None = None
    params: GenerationParams | None = None
    note: str = ""
    format: str = ""

    @property
    def edited(self) -> bool:
        """Whether somebody changed the picture after it was made."""
        return self.record is not None and self.record.pixels != self.pixels.sha256

    @property
    def converted(self) -> bool:
        """Whether an edited picture has another format than when it was made, and its size still.

        That alone changes pixels a little; whether there was more to it cannot be told from here.
        """
        made, recipe = self.record, self.recipe
        if not (self.edited and made and recipe) or self.format == made.encoding.format:
            return False
        return (self.pixels.width, self.pixels.height) == (recipe.width, recipe.height)

    @property
    def lost(self) -> bool:
        """Whether the picture is ours, but no longer carries what says so."""
        return self.recipe is not None and self.carrier is None

    @property
    def source(self) -> Recipe | Pixels:
        """What a picture made from this one has as its source."""
        return self.pixels if self.recipe is None or self.edited else self.recipe


class Portrait(Struct, frozen=True, omit_defaults=True):
    """What there is to know of a picked picture, but for its pixels.

    `source` is what its refinements start from, `prompt` and `negative` what it says of itself.
    """

    source: Recipe | Pixels
    record: Record | None = None
    prompt: str = ""
    negative: str = ""
    params: GenerationParams | None = field(default=None, name="told")
    note: str = ""

    @classmethod
    def ours(cls, recipe: Recipe, record: Record) -> Portrait:
        """The portrait of a picture that was just made by this recipe."""
        return cls(recipe, record, recipe.prompt, recipe.negative_prompt)

    @classmethod
    def of(cls, shown: Identity) -> Portrait:
        """The portrait of a picture."""
        said = shown.recipe or shown.params
        prompt, negative = (said.prompt, said.negative_prompt) if said else ("", "")
        if said is not None and said is shown.params:
            prompt = paragraphs.prompt_of(shown.params)
        return cls(shown.source, shown.record, prompt, negative, shown.params, shown.note)


def identify(
    data: bytes, studio: Studio | None = None, contents: Metadata | None = None
) -> Identity:
    """Decode a picture file and read what it carries; raises PictureError if it is none.

    One that lost what it carried is known by its pixels, if it was made in `studio`. `contents` is
    what the file carries, where that was read before.
    """
    contents = contents or metadata.read(data)
    image = pixels.decode(data, contents)
    shown = Pixels(sha256=pixels.pixel_hash(image), width=image.width, height=image.height)
    note = image.info.get(pixels.TROUBLE, "")
    try:
        if ours := recipe_text.find(contents):
            kind = metadata.format_of(data)
            return Identity(image, shown, ours.recipe, ours.record, ours.carrier, format=kind)
    except PictureError as error:
        note = f"what it says of how it was made cannot be used: {error}"
    if studio is not None and (known := archive.find(studio, shown.sha256)):
        return Identity(image, shown, *known)
    params = readers.read(contents)
    if params is None and (hidden := stealth.texts(data)):
        params = readers.read(stealth.seen_in(contents, hidden))
    return Identity(image, shown, params=params, note=note)
