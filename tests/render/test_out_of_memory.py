"""When memory runs out the picture is begun again with the next plan, and that is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch
from PIL import Image

from hotfolder.errors import TooLargeError
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes.model import Model
from hotfolder.recipes.recipe import Recipe
from hotfolder.render.engine import Engine
from hotfolder.render.memory import memory_plan
from tests.render import tiny

# A process that may take so many bytes more than it has after the large picture by a frugal plan.
# What that plan needs lies in the heap then, which keeps what was freed: so it fits, and the plan
# that needs more does not.
LIMITED = """
import logging, resource, sys
from pathlib import Path
import msgspec, torch
from PIL import Image
from hotfolder.images.pixels import pixel_hash
from hotfolder.recipes import recipe as recipes
from hotfolder.recipes.model import Model
from hotfolder.render.engine import Engine

logging.basicConfig(stream=sys.stdout, format="%(message)s")
final = recipes.from_builtins(msgspec.json.decode(sys.argv[1]))
engine = Engine({"sd": Model(source="./sd", multiple=16)}, Path(sys.argv[2]), "cpu", threads=1)
source = Image.new("RGB", (64, 64), "teal")
small = msgspec.structs.replace(final, width=64, height=64)
engine.render(final, source, plan=sys.argv[3])
status = open("/proc/self/status").read()
now = int(status.split("VmSize:")[1].split()[0]) * 1024
free = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (now + int(sys.argv[4]), free[1]))
made = engine.render(final, source)
resource.setrlimit(resource.RLIMIT_AS, free)
print("made", pixel_hash(made.image), made.facts.memory_plan, sep="|")
print("after", pixel_hash(engine.render(small, source).image), sep="|")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory so")
def test_a_process_with_little_memory(engine: Engine, models: Path, final: Recipe) -> None:
    """A large final is made by tiles where it does not fit whole, with the bits of that plan.

    Small pictures still come out as before.
    """
    recipe = msgspec.structs.replace(final, width=1088, height=768, steps=2)
    text = msgspec.json.encode({"schema": 1, **msgspec.to_builtins(recipe)}).decode()
    taken, task = engine.load("sd").footprint, memory_plan.Workload((1088, 768), True, True)
    plans = memory_plan.ladder(taken, memory_plan.Budget(memory_plan.GIB, on_cpu=True), task)
    first, second, *_ = plans
    whole, tiled = (memory_plan.peak_bytes(plan, taken, task, True) for plan in (first, second))
    more = str((whole - tiled) // 2)
    command = [sys.executable, "-c", LIMITED, text, str(models), str(second), more]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    source = Image.new("RGB", (64, 64), "teal")
    small = msgspec.structs.replace(recipe, width=64, height=64)
    after = f"after|{pixel_hash(engine.render(small, source).image)}"
    params, made, last = ran.stdout.splitlines()
    assert last == after
    assert params == f"memory ran out for 1088x768 with the plan '{first}'; trying '{second}'"
    _, pixels, plan = made.split("|")
    assert plan == memory_plan.after_falling(second)
    assert pixel_hash(engine.render(recipe, source, plan=plan).image) == pixels


def test_what_fits_nowhere_says_what_to_do(
    models: Path, draft: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last plan's failure names the size, the key of the profile and a size that may fit."""
    offered = {"sd": Model(source="./sd", multiple=tiny.MULTIPLE)}
    engine = Engine(offered, models, "cpu", threads=1)

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(engine.load("sd").pipe.unet, "forward", full)
    recipe = msgspec.structs.replace(draft, width=640, height=480)
    with pytest.raises(TooLargeError) as raised:
        engine.render(recipe)
    assert str(raised.value) == (
        "there is too little memory for this size, 640x480; close programs that need much memory, "
        'or set draft.area = "576x384" or smaller in its profile'
    )


def test_a_budget_is_kept_to(models: Path, final: Recipe) -> None:
    """With less memory the engine takes tiles by itself, before anything fails."""
    offered = {"sd": Model(source="./sd", multiple=tiny.MULTIPLE)}
    recipe = msgspec.structs.replace(final, width=800, height=592, steps=2)
    plans = []
    for megabytes in (1000, 70):
        engine = Engine(offered, models, "cpu", threads=1, memory_bytes=megabytes * 10**6)
        rendered = engine.render(recipe, Image.new("RGB", (64, 64), "teal"))
        plans.append(memory_plan.parse(rendered.facts.memory_plan))
    assert plans[0].tiles is None
    assert plans[1].tiles == memory_plan.Windows(448, 592, memory_plan.TILE_OVERLAP_PX)
