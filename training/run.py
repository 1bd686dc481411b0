"""Makes the model from nothing, in one command: `python -m training.run --hours 12`.

Every step leaves alone what is already on disk, so the command can be stopped and given again.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from .paint_corpus import WORK


def steps(work: Path, scenes: int, hours: float) -> list[list[str]]:
    """Return the commands that are still to be run, in their order."""
    size = ["--scenes", str(scenes)]
    todo = [["training.paint_corpus", *size]]
    if not (work / "autoencoder.pt").exists():
        todo.append(["training.train_autoencoder", "--minutes", "30"])
    todo.append(["training.encode_corpus", *size])
    if not (work / "text_encoder.pt").exists():
        todo.append(["training.train_text_encoder"])
    todo.append(["training.train_denoiser", *size, "--minutes", str(60 * hours)])
    # The denoiser sees latents only, so the decoder can still be made better.
    todo.append(["training.train_autoencoder", "--decoder-only", "--minutes", "30"])
    if not (work / "judge.pt").exists():
        todo.append(["training.judge", "--minutes", "105"])
    todo.append(["training.export"])
    todo.append(["training.evaluate"])
    return todo


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64000)
    parser.add_argument("--hours", type=float, default=12, help="for the denoiser")
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    for step in steps(args.work, args.scenes, args.hours):
        place = [] if step[0] == "training.evaluate" else ["--work", str(args.work)]
        print("$ python -m", *step, flush=True)
        subprocess.run([sys.executable, "-m", *step, *place], check=True)


if __name__ == "__main__":
    main()
