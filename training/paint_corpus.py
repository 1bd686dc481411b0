"""Paints the corpus once, to disk: `python -m training.paint_corpus --scenes 64000`.

Chunks of 500 pictures, corpus/WIDTHxHEIGHT/NNNN.npy, uint8 (500, height, width, 3), each with its
scenes' seeds following from its name alone (`seeds_of`). Chunks that exist are left alone, so the
command resumes, and a larger --scenes adds to a corpus.
"""

import argparse
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from .painter.picture import paint
from .painter.scene import draw_scene
from .sizes import SIZES, Size

CHUNK = 500
WORK = Path.home() / "postcard-training"
# Seeds below this one are for evaluation and never painted for training.
FIRST_TRAINING_SEED = 1_000_000


def seeds_of(size: Size, chunk: int) -> range:
    """Return the scene seeds of a chunk; no two chunks of any size share one."""
    first = FIRST_TRAINING_SEED * (1 + SIZES.index(size)) + chunk * CHUNK
    return range(first, first + CHUNK)


def chunks(scenes: int) -> Iterator[tuple[Size, int]]:
    """Yield (size, chunk) for a corpus of about so many scenes, all sizes growing side by side."""
    wanted = {size: max(1, round(scenes * size.share / CHUNK)) for size in SIZES}
    order = [((k + 0.5) / count, size, k) for size, count in wanted.items() for k in range(count)]
    for _, size, k in sorted(order, key=lambda item: item[0]):
        yield size, k


def chunk_path(work: Path, size: Size, chunk: int) -> Path:
    return work / "corpus" / size.name / f"{chunk:04d}.npy"


def paint_chunk(job: tuple[Path, Size, int]) -> None:
    """Write one chunk of pictures, unless it is there."""
    work, size, chunk = job
    path = chunk_path(work, size, chunk)
    if path.exists():
        return
    pictures = np.stack(
        [paint(draw_scene(seed), size.width, size.height) for seed in seeds_of(size, chunk)]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, pictures)
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    with Pool(args.processes) as pool:
        jobs = [(args.work, size, chunk) for size, chunk in chunks(args.scenes)]
        for done, _ in enumerate(pool.imap(paint_chunk, jobs), 1):
            print(f"{done} of {len(jobs)} chunks", flush=True)


if __name__ == "__main__":
    main()
