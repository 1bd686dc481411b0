"""A dropped picture: more drafts like one that we made, or drafts from one that we did not."""

from __future__ import annotations

from hotfolder.errors import mistake
from hotfolder.images import jpeg, photo
from hotfolder.images.generation_params import GenerationParams
from hotfolder.prompts import paragraphs
from hotfolder.prompts.paragraphs import Written
from hotfolder.recipes import reading
from hotfolder.recipes.prompt import Prompt
from hotfolder.recipes.recipe import Recipe, drafted

SUFFIXES = (".png", *jpeg.SUFFIXES, ".webp", *photo.SUFFIXES)
READS = "picture"


def parse(
    recipe: Recipe | None, params: GenerationParams | None, text: str | None
) -> tuple[Written, ...]:
    """The prompts that a picture stands for.

    With a `recipe`: its draft's prompt and settings again, with new seeds. Without one the picture
    itself is the source; its prompts are those of `text`, the text file of the same name beside
    it, or the one that another program wrote into it. Raises MistakesError if there is neither.
    """
    if recipe is not None:
        return (_more_like(recipe),)
    if text is not None:
        return paragraphs.prompts(text)
    if params is not None and params.prompt:
        return (params,)
    raise mistake(
        "this picture does not contain a prompt; put a text file NAME.txt with a prompt beside it"
    )


def _more_like(recipe: Recipe) -> Prompt:
    draft = drafted(recipe)
    return Prompt(
        text=draft.prompt,
        negative=draft.negative_prompt,
        literal=True,
        plain=reading.is_plain(draft),
        overrides=paragraphs.overrides(
            draft.steps, draft.guidance_scale, draft.scheduler, draft.width, draft.height
        ),
    )
