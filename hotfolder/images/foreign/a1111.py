"""A1111's web UI, Forge, SD.Next, CivitAI and the many programs that write the same text.

Source: the wiki pages and `infotext_utils` of AUTOMATIC1111/stable-diffusion-webui.
"""

from __future__ import annotations

from hotfolder.images import exif, infotext
from hotfolder.images import generation_params as words
from hotfolder.images.generation_params import GenerationParams
from hotfolder.images.metadata import COMMENT, Metadata

FALLBACK = True


def read(metadata: Metadata) -> GenerationParams | None:
    """What the text says, from where these programs put it and where converters leave it.

    Under `parameters` it may be a bare prompt. Elsewhere people and cameras write what they like:
    there it has to have settings.
    """
    text = metadata.text(words.PARAMETERS)
    if text and words.json_object(text) is None:
        return infotext.read(text)
    elsewhere = (
        exif.user_comment(metadata.exif),
        exif.ascii_text(metadata.exif, exif.DESCRIPTION),
        metadata.text(COMMENT),
        metadata.text("Description"),
    )
    for text in elsewhere:
        if text and infotext.has_settings(text):
            return infotext.read(text)
    return None
