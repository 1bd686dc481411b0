"""Looks at the exported model: `python -m training.evaluate` writes grid.png and refined.png.

With `--pictures 200` it also measures: crispness, parts, obedience, likeness, variety, refinement,
or what `--only` names of them. Everything goes through the diffusers pipelines, from the folder
that is shipped.
"""

import argparse
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from PIL import Image

from . import measures, parts
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


def measure_crispness(pipeline, settings: Settings, count: int) -> None:
    """Print how crisp pictures are, beside painted ones: encoded and decoded, and generated."""
    asked = measures.requests(count, first_seed=700_000)
    painted = [paint(request.scene, 256, 256) for request in asked]
    decoded = [reconstructed(pipeline.vae, picture) for picture in painted]
    made = [
        np.asarray(draft(pipeline, request.prompt, seed, settings.steps, settings.guidance))
        for seed, request in enumerate(asked)
    ]
    energy = np.mean([measures.crispness(picture).energy for picture in painted])
    for name, pictures in (("painted", painted), ("decoded", decoded), ("generated", made)):
        found = [measures.crispness(picture) for picture in pictures]
        share = np.mean([crisp.energy for crisp in found]) / energy
        width = np.mean([crisp.width_px for crisp in found])
        print(f"{name}: edges {width:.2f} px wide, energy {share:.3f} of painted")
    pairs = list(zip(decoded, painted, strict=True))
    halo = np.mean([measures.overshoot(a, b) for a, b in pairs])
    fidelity = np.mean([measures.psnr(a, b) for a, b in pairs])
    print(f"decoded: overshoot {halo:.2f} grey levels, {fidelity:.2f} dB")


@torch.no_grad()
def reconstructed(vae, picture: np.ndarray) -> np.ndarray:
    """Return a uint8 picture (height, width, 3), encoded and decoded."""
    x = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    y = vae.decode(vae.encode(x).latent_dist.mean).sample[0].clamp(-1, 1)
    return ((y + 1) * 127.5 + 0.5).clamp(0, 255).byte().permute(1, 2, 0).numpy()


def measure_parts(pipeline, settings: Settings, count: int) -> None:
    """Print how many subjects are whole: painted, decoded, generated; `count` of each subject."""
    marker = parts.load_marker()
    print("whole, painted:", parts.found_in_painted(marker))
    asked = [r for r in measures.requests(60 * count, 500_000) if r.scene.companion == "none"]
    for subject in parts.WHOLE:
        chosen = [request for request in asked if request.scene.subject == subject][:count]
        painted = [paint(request.scene, 256, 256) for request in chosen]
        decoded = [reconstructed(pipeline.vae, picture) for picture in painted]
        made = [
            np.asarray(draft(pipeline, request.prompt, seed, settings.steps, settings.guidance))
            for seed, request in enumerate(chosen)
        ]
        shares = [
            np.mean([parts.whole(labels, subject) for labels in parts.marks(marker, np.stack(ps))])
            for ps in (painted, decoded, made)
        ]
        told = ", ".join(
            f"{name} {share:.2f}"
            for name, share in zip(("painted", "decoded", "generated"), shares, strict=True)
        )
        print(f"whole {subject}s of {len(chosen)}: {told}")


def measure_obedience(pipeline, settings: Settings, count: int) -> None:
    """Print how often pictures show what their prompts name, in both languages."""
    judge = load_judge()
    print("judge on painted scenes:", accuracy(judge))
    for language in get_args(measures.Language):
        asked = measures.requests(count, language=language)
        made = [
            np.asarray(draft(pipeline, request.prompt, seed, settings.steps, settings.guidance))
            for seed, request in enumerate(asked)
        ]
        seen = verdicts(judge, np.stack(made))
        for name, (share, number) in measures.obedience(asked, seen).items():
            print(f"{language}, {name}: {share:.3f} of {number}")


def measure_likeness(pipeline, settings: Settings, count: int) -> None:
    """Print how far generated pictures lie from painted ones, as sets."""
    judge, asked = load_judge(), measures.requests(count)
    made = np.stack(
        [
            np.asarray(draft(pipeline, request.prompt, seed, settings.steps, settings.guidance))
            for seed, request in enumerate(asked)
        ]
    )
    painted = [
        np.stack([paint(draw_scene(seed), 256, 256) for seed in range(first, first + count)])
        for first in (100_000, 200_000)
    ]
    own = np.stack([paint(request.scene, 256, 256) for request in asked])
    print(f"Fréchet distance of {count} to as many painted scenes:")
    print(f"  {measures.frechet(judge, made, painted[0]):.2f}")
    print(f"  the same scenes, painted: {measures.frechet(judge, own, painted[0]):.2f}")
    print(f"  two painted sets: {measures.frechet(judge, painted[1], painted[0]):.2f}")


def measure_refinement(pipeline, refiner, settings: Settings, count: int) -> None:
    """Print how much finals keep of their drafts, how much finer they are, how many break."""
    judge, asked = load_judge(), measures.requests(count)
    drafts = [
        draft(pipeline, request.prompt, seed, settings.steps, settings.guidance)
        for seed, request in enumerate(asked)
    ]
    finals = [
        refine(refiner, request.prompt, picture, seed, settings)
        for seed, (request, picture) in enumerate(zip(asked, drafts, strict=True))
    ]
    pairs = list(zip(drafts, finals, strict=True))
    alike = np.mean([measures.low_pass_correlation(a, b) for a, b in pairs])
    sharper = np.median([measures.sharpness_ratio(a, b) for a, b in pairs])
    print(f"refinement: low-pass correlation {alike:.3f}, energy of fine details x {sharper:.2f}")
    direct = [
        draft(pipeline, request.prompt, seed, settings.steps, settings.guidance, final.size)
        for seed, (request, final) in enumerate(zip(asked, finals, strict=True))
    ]
    for name, pictures in (("made large at once", direct), ("draft and refinement", finals)):
        large = np.stack([np.asarray(picture) for picture in pictures])
        share = measures.broken(asked, verdicts(judge, large))
        print(f"broken, {name}: {share:.3f} of {count}")


def measure_variety(pipeline, settings: Settings, count: int) -> None:
    """Print how far 16 seeds of one prompt lie apart, and 16 painted scenes that fit the prompt."""
    prompt, count = "a lighthouse by the sea, at sunset", min(count, 16)
    made = [
        draft(pipeline, prompt, seed, settings.steps, settings.guidance) for seed in range(count)
    ]
    scenes = (draw_scene(seed) for seed in range(300_000, 400_000))
    fitting = (
        scene
        for scene in scenes
        if (scene.subject, scene.ground, scene.hour) == ("lighthouse", "sea", "sunset")
        and (scene.weather, scene.palette) == ("clear", "natural")
    )
    painted = [paint(scene, 256, 256) for scene in islice(fitting, count)]
    generated = measures.variety(np.stack([np.asarray(picture) for picture in made]))
    reference = measures.variety(np.stack(painted))
    print(f"variety of {prompt!r}: {generated:.3f}, painted scenes {reference:.3f}")


MEASURES = {
    "crispness": measure_crispness,
    "parts": measure_parts,
    "obedience": measure_obedience,
    "likeness": measure_likeness,
    "variety": measure_variety,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=MODEL)
    parser.add_argument("--out", type=Path, default=WORK / "evaluation")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=3.5)
    parser.add_argument("--strength", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--pictures", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=(*MEASURES, "refinement", "grids"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    pipeline, refiner = load(args.folder)
    settings = Settings(args.steps, args.guidance, args.strength)
    if not args.only or "grids" in args.only:
        write_grids(pipeline, refiner, settings, args.seeds, args.out)
    if not args.pictures:
        return
    for name, measure in MEASURES.items():
        if not args.only or name in args.only:
            measure(pipeline, settings, args.pictures)
    if not args.only or "refinement" in args.only:
        measure_refinement(pipeline, refiner, settings, args.pictures)


if __name__ == "__main__":
    main()
