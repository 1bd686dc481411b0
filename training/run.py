"""Makes the model from nothing, in one command: `python -m training.run --hours 24`.

Every step leaves alone what is already on disk, so the command can be stopped and given again.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from .paint_corpus import CHUNK, WORK


@dataclass(frozen=True, slots=True)
class Step:
    """A module of `training` and its arguments; it is left out where `result` exists already."""

    module: str
    arguments: list[str] = field(default_factory=list)
    result: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many scenes of full and of half size, how long each trainer, with which batches."""

    scenes: int
    half_scenes: int
    minutes: dict[str, float]
    batches: dict[str, int]
    processes: int = 2
    design: str = "small"
    of_each: int = CHUNK


# What each trainer takes of the whole time.
SHARES = {
    "train_autoencoder": 0.2,
    "train_text_encoder": 0.01,
    "half": 0.12,
    "train_denoiser": 0.5,
    "train_decoder": 0.1,
    "judge": 0.05,
    "parts": 0.02,
}
CPU_BATCHES = {"train_autoencoder": 8, "train_denoiser": 32, "train_decoder": 6}


def shared_out(minutes: float) -> dict[str, float]:
    """Return how many minutes each trainer gets of so many."""
    return {name: share * minutes for name, share in SHARES.items()}


def steps(plan: Plan) -> list[Step]:
    """Return all steps in their order."""

    def trainer(name: str, *more: str, result: str = "", minutes: str = "") -> Step:
        batch = ["--batch", str(plan.batches[name])] if name in plan.batches else []
        lasting = ["--minutes", f"{plan.minutes[minutes or name]:.3f}"]
        return Step(name, [*lasting, *batch, *more], result)

    together = ["--processes", str(plan.processes)]
    full = ["--scenes", str(plan.scenes), *together]
    half = ["--half", "--scenes", str(plan.half_scenes), *together]
    some = ["--of-each", str(plan.of_each)]
    return [
        Step("paint_corpus", [*full, *some]),
        trainer("train_autoencoder", "--design", plan.design, *together, result="autoencoder.pt"),
        Step("encode_corpus", full),
        trainer("train_text_encoder", result="text_encoder.pt"),
        Step("paint_corpus", [*half, *some]),
        Step("encode_corpus", half),
        trainer("train_denoiser", *half, result="denoiser.pt", minutes="half"),
        trainer("train_denoiser", *full),
        # The denoiser sees latents only, so the decoder can still be made better.
        Step("denoise_corpus", full),
        trainer("train_decoder", *together),
        trainer("judge", result="judge.pt"),
        trainer("parts", result="parts.pt"),
    ]


def run_step(step: Step, work: Path) -> None:
    """Run one step, unless its result is there."""
    if step.result and (work / step.result).exists():
        return
    command = [f"training.{step.module}", *step.arguments, "--work", str(work)]
    print("$ python -m", *command, flush=True)
    subprocess.run([sys.executable, "-m", *command], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64000)
    parser.add_argument("--hours", type=float, default=24, help="for all trainers together")
    parser.add_argument("--design", default="small")
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    minutes = shared_out(60 * args.hours)
    plan = Plan(args.scenes, args.scenes // 2, minutes, CPU_BATCHES, design=args.design)
    for step in steps(plan):
        run_step(step, args.work)
    for module in ("export", "evaluate"):
        run_step(Step(module), args.work)


if __name__ == "__main__":
    main()
