"""The loop that a good user would write with diffusers alone: pipeline, generator, save.

    python benchmarks/bare.py MODEL FOLDER

MODEL is a diffusers folder, and pictures go to FOLDER. Each line of standard input is a JSON list
of drafts, each with the arguments of `Bare.draft`; for each line the seconds and the processor
seconds that they took are written. Nothing of hotfolder is imported, so torch and the operating
system's allocator are as they are by themselves.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline


class Bare:
    """The components of a model, and a folder for its pictures."""

    def __init__(self, components: dict[str, Any], folder: Path) -> None:
        self._folder = folder
        scheduler = DPMSolverMultistepScheduler.from_config(
            components["scheduler"].config, algorithm_type="sde-dpmsolver++"
        )
        parts = {**components, "scheduler": scheduler}
        self._pipe = StableDiffusionPipeline(**parts, requires_safety_checker=False)
        self._pipe.set_progress_bar_config(disable=True)

    def drafts(self, wanted: list[dict[str, Any]]) -> tuple[float, float]:
        """Render and save them all as PNG; seconds and processor seconds for each."""
        began, worked = time.perf_counter(), time.process_time()
        for number, draft in enumerate(wanted):
            self._draft(number, **draft)
        seconds, work = time.perf_counter() - began, time.process_time() - worked
        return seconds / len(wanted), work / len(wanted)

    def _draft(self, number: int, seed: int, **arguments: Any) -> None:
        generator = torch.Generator("cpu").manual_seed(seed)
        image = self._pipe(**arguments, generator=generator).images[0]
        image.save(self._folder / f"{number}.png")


def main(model: str, folder: str) -> None:
    """Draw what standard input asks for."""
    pipe = StableDiffusionPipeline.from_pretrained(
        model, dtype=torch.float32, safety_checker=None, requires_safety_checker=False
    )
    bare = Bare(pipe.components, Path(folder))
    for line in sys.stdin:
        print(json.dumps(bare.drafts(json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
