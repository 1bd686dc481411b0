"""A recipe as text: exactly the draft that it describes, as its picture would carry it."""

from __future__ import annotations

from hotfolder.errors import PictureError, mistake
from hotfolder.images import recipe_text
from hotfolder.recipes.prompt import Prompt

SUFFIXES = (".recipe",)
READS = "text"


def parse(text: str) -> tuple[Prompt, ...]:
    """The one draft that a recipe's text asks for; raises MistakesError with a sentence."""
    try:
        recipe, record = recipe_text.parse(text.strip())
    except PictureError as error:
        raise mistake(str(error)) from None
    if recipe.source is not None:
        raise mistake(
            "this is the recipe of a refinement, which needs the picture that it was made from; "
            "put that picture into seeds/"
        )
    asked = Prompt(
        text=recipe.prompt,
        negative=recipe.negative_prompt,
        literal=True,
        plain=True,
        profile=record.profile or None,
        count=1,
        size=f"{recipe.width}x{recipe.height}",
        recipe=recipe,
    )
    return (asked,)
