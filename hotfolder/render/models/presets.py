"""A profile for a model that was found: what its family, its file and its name say of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import tomlkit
from tomlkit.items import String

from hotfolder.render.models import single_file
from hotfolder.render.models.family import Usual
from hotfolder.render.models.inventory import Found, family_name

_ORDINARY = Usual(30, 5.0)
_STEPS = re.compile(r"(?<!\d)(\d{1,2})[ _-]?steps?(?![a-z])")
_SMALL_PX = 640  # the side of drafts of models that learned on 512 px: more, and still one subject
_BASE_512 = re.compile(r"512|base")


def profile(found: Found, texts: Iterable[Found] = (), program: str = "") -> str:
    """The text of a profile for this model; `texts` are text encoders that it is to have."""
    what, family = found.what, found.what.family
    usual = usual_for(found)
    document = tomlkit.document()
    document.add(tomlkit.comment("Written by `hotfolder models add`. Change what you like."))
    where = f", from {program}" if program else ""
    document["description"] = f"{found.name}: {family_name(what)}{where}"
    document.add(tomlkit.nl())
    document["scheduler"] = usual.scheduler
    document["steps"] = steps = _steps(found, usual)
    document["guidance_scale"] = usual.guidance_scale
    if usual.mark:
        document["steps"].comment(f'its name says "{_mark(found, usual)}"')
    model = tomlkit.table()
    alone = what.kind == "denoiser"
    base = usual.origin or single_file.base_of(what) if alone else ""
    model["source"] = base or _path(found.path)
    if alone:
        model["source"].comment("what the file lacks is fetched from here, once")
        model["transformer"] = _path(found.path)
        chosen = [_path(one.path) for one in texts]
        if chosen:
            model["text_encoder"] = chosen if len(chosen) > 1 else chosen[0]
    model["multiple"] = family.multiple if family else 16
    if what.form == "v2" and not what.prediction:
        is_small = _BASE_512.search(found.name.lower())
        model["prediction_type"] = "epsilon" if is_small else "v_prediction"
        model["prediction_type"].comment("if all comes out as noise: the other of the two")
    document["model"] = model
    draft, refine = tomlkit.table(), tomlkit.table()
    small = usual.side_px and usual.side_px <= _SMALL_PX
    draft["area"] = f"{_SMALL_PX}x{_SMALL_PX}" if small else "800x800"
    refine["area"] = "1000x1000"
    refine["strength"] = 0.5 if steps > 1 else 1.0
    document["draft"], document["refine"] = draft, refine
    return tomlkit.dumps(document)


def usual_for(found: Found) -> Usual:
    """How pictures of this model are usually drawn, by its family and the marks in its name."""
    family = found.what.family
    told = _told(found)
    for usual in family.usual if family else ():
        if re.search(usual.mark, told):
            return usual
    return _ORDINARY


def _steps(found: Found, usual: Usual) -> int:
    """The steps that a name tells of, where it has the mark of few steps; else the usual ones."""
    match = _STEPS.search(_told(found)) if usual.mark else None
    return max(1, int(match[1])) if match else usual.steps


def _mark(found: Found, usual: Usual) -> str:
    match = re.search(usual.mark, _told(found))
    return match[0] if match else usual.mark


def _told(found: Found) -> str:
    return f"{found.name} {found.title} {found.what.form}".lower()


def _path(path: Path) -> String:
    """A path as people write it: backslashes stay as they are."""
    text = str(path)
    literal = "'" not in text and "\n" not in text and "\\" in text
    return tomlkit.string(text, literal=literal)
