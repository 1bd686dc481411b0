"""Paints the corpus once, to disk: `python -m training.paint_corpus --scenes 64000`.

Chunks of 500 pictures, corpus/WIDTHxHEIGHT/NNNN.npy, uint8 (500, height, width, 3), and beside them
parts/WIDTHxHEIGHT/NNNN.npy, uint8 (500, height, width): which part of a subject is seen where. The
seeds of a chunk's scenes follow from its name alone (`seeds_of`). Chunks that exist are left alone,
so the command resumes, and a larger --scenes adds to a corpus.
"""

import argparse
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from .painter.picture import paint_parts
from .painter.scene import LARGE_FROM, draw_scene
from .sizes import HALF_SIZES, SIZES, Size

CHUNK = 500
WORK = Path.home() / "postcard-training"
# Seeds from here on are painted for training and never for evaluation. They are of the larger
# repertoire; the corpora of postcard up to v4, and that of v5's decoder, began at 1,000,000.
FIRST_TRAINING_SEED = LARGE_FROM + 1_000_000_000
SEEDS_OF_A_SIZE = 1_000_000


def seeds_of(size: Size, chunk: int) -> range:
    """Return the scene seeds of a chunk; no two chunks of any size share one."""
    place = (*SIZES, *HALF_SIZES).index(size)
    first = FIRST_TRAINING_SEED + SEEDS_OF_A_SIZE * place + chunk * CHUNK
    return range(first, first + CHUNK)


def chunks(scenes: int, half: bool = False) -> Iterator[tuple[Size, int]]:
    """Yield (size, chunk) for a corpus of about so many scenes, all sizes growing side by side."""
    sizes = HALF_SIZES if half else SIZES
    wanted = {size: max(1, round(scenes * size.share / CHUNK)) for size in sizes}
    order = [((k + 0.5) / count, size, k) for size, count in wanted.items() for k in range(count)]
    for _, size, k in sorted(order, key=lambda item: item[0]):
        yield size, k


def chunk_path(work: Path, size: Size, chunk: int) -> Path:
    return work / "corpus" / size.name / f"{chunk:04d}.npy"


def parts_path(work: Path, size: Size, chunk: int) -> Path:
    return work / "parts" / size.name / f"{chunk:04d}.npy"


def write(array: np.ndarray, path: Path) -> None:
    """Write an array; the file is complete or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, array)
    partial.replace(path)


def paint_chunk(job: tuple[Path, Size, int, int]) -> None:
    """Write the first so many pictures of a chunk, and their parts, unless both are there."""
    work, size, chunk, count = job
    pictures, parts = chunk_path(work, size, chunk), parts_path(work, size, chunk)
    if pictures.exists() and parts.exists():
        return
    painted = [
        paint_parts(draw_scene(seed), size.width, size.height)
        for seed in seeds_of(size, chunk)[:count]
    ]
    write(np.stack([labels for _, labels in painted]), parts)
    write(np.stack([picture for picture, _ in painted]), pictures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64000)
    parser.add_argument("--half", action="store_true", help="scenes of half the size")
    parser.add_argument("--of-each", type=int, default=CHUNK, help="fewer of a chunk, for a trial")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    with Pool(args.processes) as pool:
        jobs = [
            (args.work, size, chunk, args.of_each) for size, chunk in chunks(args.scenes, args.half)
        ]
        for done, _ in enumerate(pool.imap(paint_chunk, jobs), 1):
            print(f"{done} of {len(jobs)} chunks", flush=True)


if __name__ == "__main__":
    main()
