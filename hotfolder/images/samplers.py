"""The samplers and noise schedules of other programs, by one table, as our schedulers.

A1111, Forge, ComfyUI, InvokeAI, SD.Next, Fooocus, SwarmUI, Draw Things and the others take most of
theirs from k-diffusion and write their names in many ways: what counts here are letters and digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hotfolder.recipes.schedulers import MODEL_OWN, SCHEDULERS

_SAMPLERS: Mapping[str, str] = {
    "euler": "Euler",
    "eulera": "Euler a",
    "eulerancestral": "Euler a",
    "heun": "Heun",
    "dpm2": "DPM2",
    "dpm2a": "DPM2 a",
    "dpm2ancestral": "DPM2 a",
    "kdpm2": "DPM2",
    "kdpm2a": "DPM2 a",
    "dpmpp2": "DPM++ 2M",  # InvokeAI before version 3
    "dpmpp2m": "DPM++ 2M",
    "dpmpp2mv2": "DPM++ 2M",
    "dpmpp2msde": "DPM++ 2M SDE",
    "dpmpp2s": "DPM++ 2S",
    "unipc": "UniPC",
    "unipcbh2": "UniPC",
    "ddim": "DDIM",
    "deis": "DEIS",
    "pndm": "PNDM",
    "plms": "PNDM",
    "lcm": "LCM",
    "tcd": "TCD",
}
_SCHEDULES: Mapping[str, str] = {
    "": "",
    "uniform": "",
    "normal": "",
    "discrete": "",
    "default": "",
    "ddimuniform": "",
    "native": "",
    "karras": " Karras",
    "exponential": " exponential",
    "simple": " trailing",
    "sgmuniform": " trailing",
    "trailing": " trailing",
}
# What A1111 and Forge take for "Automatic": the default of each sampler.
_AUTOMATIC: Mapping[str, str] = {
    "DPM++ 2M": "karras",
    "DPM++ 2M SDE": "exponential",
    "DPM2": "karras",
    "DPM2 a": "karras",
}
# A schedule that is written behind its sampler's name; InvokeAI writes k.
_BEHIND = {
    **{name: name for name in sorted(_SCHEDULES, key=len, reverse=True) if name},
    "k": "karras",
}
_WRITTEN_SCHEDULES = {
    " Karras": "Karras",
    " exponential": "Exponential",
    " trailing": "SGM Uniform",
}
_MOST = 100  # letters of a name


def scheduler(sampler: object, schedule: object = "") -> str | None:
    """Our name of a sampler and its noise schedule; None where we have no counterpart."""
    if not isinstance(sampler, str) or not isinstance(schedule, str | None):
        return None
    name, spacing = _plain(sampler), _plain(schedule or "")
    ours = _SAMPLERS.get(name)
    if ours is None:
        stem, behind = _split(name)
        ours, spacing = _SAMPLERS.get(stem), behind if spacing in ("", "automatic") else spacing
    if ours is None:
        return None
    if spacing == "automatic":
        spacing = _AUTOMATIC.get(ours, "")
    suffix = _SCHEDULES.get(spacing)
    if suffix is None:
        return None
    # A spacing of steps that is hardly different from the usual one is no other scheduler.
    plain = ours if suffix == " trailing" else None
    return f"{ours}{suffix}" if f"{ours}{suffix}" in SCHEDULERS else plain


def written(ours: str) -> tuple[str, str]:
    """(sampler, schedule) as A1111 names our scheduler; two empty texts for the model's own."""
    if ours == MODEL_OWN:
        return "", ""
    for suffix, schedule in _WRITTEN_SCHEDULES.items():
        if ours.endswith(suffix):
            return ours.removesuffix(suffix), schedule
    return ("PLMS" if ours == "PNDM" else ours), ""


def _plain(name: str) -> str:
    """Letters and digits in lower case, + as p; without the marks of k-diffusion and of GPUs."""
    text = re.sub(r"[^a-z0-9+]", "", name[:_MOST].lower().removeprefix("sample_")).replace("+", "p")
    if re.match(r"\s*k[_-]", name, re.IGNORECASE):
        text = text[1:]
    return text.removesuffix("gpu")


def _split(name: str) -> tuple[str, str]:
    """(sampler, schedule) of a name that has both."""
    for behind, schedule in _BEHIND.items():
        stem = name.removesuffix(behind).removesuffix("gpu")
        if name.endswith(behind) and stem in _SAMPLERS:
            return stem, schedule
    return name, ""
