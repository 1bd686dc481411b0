"""`docs/models.md`: which models the profiles bring, with their licences, sizes and memory.

    python -m tests.models_page

Licence and download stand in the profiles; memory is counted by the memory plan, as `doctor` does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hotfolder.recipes import sizes
from hotfolder.recipes.profile import Profile, resolve
from hotfolder.render.memory import footprint, memory_plan
from hotfolder.render.memory.memory_plan import GIB, Budget, Workload

_ROOT = Path(__file__).parent.parent
PAGE = _ROOT / "docs" / "models.md"
_TABLES: dict[str, dict[str, Any]] = {
    file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
    for file in sorted((_ROOT / "profiles").glob("*.toml"))
}
_FACTS = re.compile(r"# Licence: (.+?)\. Fetched once \((.+?)\)", re.DOTALL)
_AMPLE = Budget(1024 * GIB, 1024 * GIB)
_SCANT = Budget(1, 1024 * GIB)

_ABOVE = """\
# Models

The profiles for these models are included; each model is fetched when it is first used, or before
that with `hotfolder fetch PROFILE`. Memory is what a graphics card must have free for a draft of
the profile's size, as hotfolder's memory plan counts it: with all weights on the card, and at the
least, with the weights moved to it layer by layer, which is slower. `hotfolder doctor` says the
same for your card. Profiles "in four bits" need an NVIDIA card and one more package
(`hotfolder setup quantize`); their memory was counted, not measured on a card. What each family can
do is in [families.md](families.md); how to use model files that you already have is in
[model-files.md](model-files.md).

| Profile | Licence | Download | Memory | At least | What it is |
| --- | --- | --- | --- | --- | --- |
"""
_BELOW = """
## A finetune of your own

A finetune uses the settings of the model that it was made from. For one of SDXL, put this into
`profiles/NAME.toml` in a studio, with the path of your file:

```toml
description = "My favourite finetune of SDXL"
extends = "sdxl"
steps = 28               # what its makers say; these are usual
guidance_scale = 5.0

[model]
source = "/models/favourite.safetensors"

[draft]
area = "1000x1000"
```

A file that was trained for v-prediction is recognised by the marks in it.
"""


def page() -> str:
    """What `docs/models.md` should say."""
    return _ABOVE + "\n".join(_lines()) + "\n" + _BELOW


def _lines() -> Iterator[str]:
    for name, table in _TABLES.items():
        if (
            not name.startswith("postcard")
            and {"source", "quantize"} & table.get("model", {}).keys()
        ):
            yield _line(name, table, resolve(name, _TABLES))


def _line(name: str, table: dict[str, Any], profile: Profile) -> str:
    text = (_ROOT / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    facts = _FACTS.search(text)
    assert facts, f"{name}.toml does not say its licence and what is fetched"
    most, least = _memory(profile)
    model, _, use = table["description"].partition(": ")
    use = use.partition(";")[0]
    return (
        f"| `{name}` | {facts[1]} | {facts[2]} | {most:.1f} GiB | {least:.1f} GiB | "
        f"**{model}**: {use} |"
    )


def _memory(profile: Profile) -> tuple[float, float]:
    """What a draft takes in GiB: with all weights on the card, and at the least."""
    kind = profile.model.dtype if profile.model.dtype != "auto" else "float16"
    taken = footprint.of_source(profile.model.source, kind, profile.model.quantize)
    assert taken, f"no family knows the size of {profile.model.source}"
    width, height = sizes.size(profile.draft.area)
    workload = Workload((width, height), guided=profile.guidance_scale > 1)
    most = memory_plan.choose(taken, _AMPLE, workload)
    assert most is not None
    least = memory_plan.most_frugal(taken, _SCANT, workload)
    peaks = (memory_plan.peak_bytes(plan, taken, workload, False) for plan in (most, least))
    first, second = (peak / GIB for peak in peaks)
    return first, second


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
