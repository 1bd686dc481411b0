"""Makes the model in minutes where there is a GPU: `python -m training.on_gpu --out OUT`.

The same steps as `run`, with larger batches and a painter on every core. After each step what it
made is copied to the folder OUT, so that little is lost when time runs out; the exported model is
there in the end as OUT/postcard. On a CPU, with --minutes 1, it shows that all fits together.
"""

import argparse
import os
import shutil
import time
from pathlib import Path

import torch

from .export import export
from .paint_corpus import CHUNK, WORK
from .run import CPU_BATCHES, Plan, run_step, shared_out, steps

GPU_BATCHES = {"train_autoencoder": 64, "train_denoiser": 384, "train_decoder": 48}
# What is left for painting, encoding and the starts of a dozen processes.
TRAINING_SHARE = 0.62
KEPT = ("autoencoder.pt", "text_encoder.pt", "denoiser.pt", "decoder.pt", "judge.pt", "parts.pt")


def keep(work: Path, out: Path) -> None:
    """Copy tokenizer and checkpoints that are new or changed."""
    for path in (*(work / name for name in KEPT), *(work / "tokenizer").glob("*")):
        copy = out / path.relative_to(work)
        if path.exists() and (not copy.exists() or copy.stat().st_mtime < path.stat().st_mtime):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=9.5, help="for everything")
    parser.add_argument("--scenes", type=int, default=40000)
    parser.add_argument("--design", default="small")
    parser.add_argument("--of-each", type=int, default=CHUNK, help="fewer of a chunk, for a trial")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    cuda, start = torch.cuda.is_available(), time.monotonic()
    plan = Plan(
        args.scenes,
        args.scenes // 2,
        shared_out(TRAINING_SHARE * args.minutes),
        GPU_BATCHES if cuda else CPU_BATCHES,
        os.cpu_count() or 2 if cuda else 2,
        args.design,
        args.of_each,
    )
    for step in steps(plan):
        began = time.monotonic()
        run_step(step, args.work)
        keep(args.work, args.out)
        now = time.monotonic()
        print(f"{step.module}: {now - began:.0f} s, {now - start:.0f} s in all", flush=True)
    export(args.work, args.out / "postcard")


if __name__ == "__main__":
    main()
