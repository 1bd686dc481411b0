"""How much of a draft a judge is shown."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from hotfolder.taste import scale
from hotfolder.taste.features import Features


def words(one: Features) -> Features:
    """The prompt alone."""
    return Features(one.picture, prompt=one.prompt)


def recipe(one: Features) -> Features:
    """The prompt, the profile, the prompt file and the aspect."""
    return structs.replace(one, kinds={})


def only(*families: str) -> Callable[[Features], Features]:
    """Nothing but numbers of these families."""

    def look(one: Features) -> Features:
        kinds = {name: data for name, data in one.kinds.items() if scale.family(name) in families}
        return Features(one.picture, kinds=kinds)

    return look


def early(one: Features) -> Features:
    """What is known after a quarter of the steps."""
    kinds = {name: data for name, data in one.kinds.items() if scale.family(name) != "pixels"}
    return structs.replace(one, kinds=kinds)


LOOKS: dict[str, Callable[[Features], Features] | None] = {
    "by chance": None,
    "the prompt's words": words,
    "the whole recipe": recipe,
    "pixels alone": only("pixels"),
    "denoiser alone": only("denoiser"),
    "at a quarter": early,
    "all": lambda one: one,
}
