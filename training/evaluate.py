"""Looks at the exported model: `python -m training.evaluate` writes grid.png and refined.png.

With `--pictures 200` it also measures: obedience, likeness, variety, refinement. Everything goes
through the diffusers pipelines, from the folder that is shipped.
"""

import argparse
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from PIL import Image

from . import measures
from .export import MODEL
from .judge import accuracy, load_judge, verdicts
from .paint_corpus import WORK
from .painter.picture import paint
from .painter.scene import draw_scene

PROMPTS = (
    "a lighthouse on a rock in the sea at sunset",
    "a castle in the hills in winter, falling snow",
    "a sailboat on a calm lake with mountains behind, at noon",
    "palm trees on the beach at night, full moon, stars",
    "windmill, meadow, morning, autumn",
    "a small house by a river in the fog",
    "hot air balloon over the desert, evening",
    "pine trees, mountains, rain",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How drafts and refinements are sampled."""

    steps: int
    guidance: float
    strength: float


def load(folder: Path) -> tuple[StableDiffusionPipeline, StableDiffusionImg2ImgPipeline]:
    """Return the pipelines for drafts and for refinement; they share their networks."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, safety_checker=None, requires_safety_checker=False, dtype=torch.float32
    )
    refiner = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    refiner.set_progress_bar_config(disable=True)
    return pipeline, refiner


def draft(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    seed: int,
    steps: int,
    guidance: float,
    size: tuple[int, int] = (256, 256),
) -> Image.Image:
    """Return one draft, its noise drawn from a CPU generator."""
    return pipeline(
        prompt,
        width=size[0],
        height=size[1],
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]


def refine(
    refiner: StableDiffusionImg2ImgPipeline,
    prompt: str,
    picture: Image.Image,
    seed: int,
    settings: Settings,
) -> Image.Image:
    """Return a refinement at 1.25 times the side, rounded to a multiple of 16."""
    size = tuple(round(side * 1.25 / 16) * 16 for side in picture.size)
    return refiner(
        prompt,
        image=picture.resize(size, Image.LANCZOS),
        strength=settings.strength,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Return the pictures as one, row by row; all of a row are as high as its first."""
    bands = [
        np.concatenate([np.asarray(p.resize(row[0].size, Image.LANCZOS)) for p in row], 1)
        for row in rows
    ]
    return Image.fromarray(np.concatenate(bands, 0))


def write_grids(pipeline, refiner, settings: Settings, seeds: int, out: Path) -> None:
    """Write grid.png (a prompt every few pictures, by seed) and refined.png (enlarged, refined)."""
    start = time.monotonic()
    drafts = [
        [draft(pipeline, prompt, seed, settings.steps, settings.guidance) for seed in range(seeds)]
        for prompt in PROMPTS
    ]
    print(f"{(time.monotonic() - start) / seeds / len(PROMPTS):.2f} s a draft")
    pairs = zip(drafts[0::2], drafts[1::2], strict=True)
    sheet([left + right for left, right in pairs]).save(out / "grid.png")
    chosen = [(prompt, row[0]) for prompt, row in zip(PROMPTS, drafts, strict=True)][:6]
    refined = [refine(refiner, prompt, picture, 0, settings) for prompt, picture in chosen]
    enlarged = [picture.resize(refined[0].size, Image.LANCZOS) for _, picture in chosen]
    sheet([enlarged, refined]).save(out / "refined.png")


def measure(pipeline, refiner, settings: Settings, count: int, crowd: int) -> None:
    """Print every figure: from `count` prompts, and `crowd` pictures for the likeness."""
    judge, asked = load_judge(), measures.requests(max(count, crowd))
    print("judge on painted scenes:", accuracy(judge))
    drafts = [
        draft(pipeline, request.prompt, seed, settings.steps, settings.guidance)
        for seed, request in enumerate(asked)
    ]
    made = np.stack([np.asarray(picture) for picture in drafts])
    seen = verdicts(judge, made[:count])
    for name, (share, number) in measures.obedience(asked[:count], seen).items():
        print(f"{name}: {share:.3f} of {number}")
    painted = [
        np.stack([paint(draw_scene(seed), 256, 256) for seed in range(first, first + len(made))])
        for first in (100_000, 200_000)
    ]
    own = np.stack([paint(request.scene, 256, 256) for request in asked])
    print(f"Fréchet distance of {len(made)} to as many painted scenes:")
    print(f"  {measures.frechet(judge, made, painted[0]):.2f}")
    print(f"  the same scenes, painted: {measures.frechet(judge, own, painted[0]):.2f}")
    print(f"  two painted sets: {measures.frechet(judge, painted[1], painted[0]):.2f}")
    measure_variety(pipeline, settings)
    finals = [
        refine(refiner, request.prompt, picture, seed, settings)
        for seed, (request, picture) in enumerate(zip(asked[:count], drafts, strict=False))
    ]
    pairs = list(zip(drafts, finals, strict=False))
    alike = np.mean([measures.low_pass_correlation(a, b) for a, b in pairs])
    sharper = np.median([measures.sharpness_ratio(a, b) for a, b in pairs])
    print(f"refinement: low-pass correlation {alike:.3f}, energy of fine details x {sharper:.2f}")
    direct = [
        draft(pipeline, request.prompt, seed, settings.steps, settings.guidance, final.size)
        for seed, (request, final) in enumerate(zip(asked, finals, strict=False))
    ]
    for name, pictures in (("made large at once", direct), ("draft and refinement", finals)):
        large = np.stack([np.asarray(picture) for picture in pictures])
        share = measures.broken(asked[:count], verdicts(judge, large))
        print(f"broken, {name}: {share:.3f} of {count}")


def measure_variety(pipeline, settings: Settings) -> None:
    """Print how far 16 seeds of one prompt lie apart, and 16 painted scenes that fit the prompt."""
    prompt = "a lighthouse by the sea, at sunset"
    made = [draft(pipeline, prompt, seed, settings.steps, settings.guidance) for seed in range(16)]
    scenes = (draw_scene(seed) for seed in range(300_000, 400_000))
    fitting = (
        scene
        for scene in scenes
        if (scene.subject, scene.ground, scene.hour) == ("lighthouse", "sea", "sunset")
        and (scene.weather, scene.palette) == ("clear", "natural")
    )
    painted = [paint(scene, 256, 256) for scene in islice(fitting, 16)]
    generated = measures.variety(np.stack([np.asarray(picture) for picture in made]))
    reference = measures.variety(np.stack(painted))
    print(f"variety of {prompt!r}: {generated:.3f}, painted scenes {reference:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=MODEL)
    parser.add_argument("--out", type=Path, default=WORK / "evaluation")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=3.5)
    parser.add_argument("--strength", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--pictures", type=int, default=0)
    parser.add_argument("--crowd", type=int, default=0, help="pictures for the likeness")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    pipeline, refiner = load(args.folder)
    settings = Settings(args.steps, args.guidance, args.strength)
    write_grids(pipeline, refiner, settings, args.seeds, args.out)
    if args.pictures:
        measure(pipeline, refiner, settings, args.pictures, args.crowd)


if __name__ == "__main__":
    main()
