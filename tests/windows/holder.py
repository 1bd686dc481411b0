"""What scanners, indexers, viewers and sync clients do: hold files open for a while, and let go.

    python -m tests.windows.holder COUNT SEED FOLDER...

Python opens a file so that it can be neither renamed nor deleted meanwhile, as most programs do.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from pathlib import Path

AT_ONCE = 3
LONGEST_S = 7.0
"""Some holds last longer than hotfolder's patience."""


def main(count: int, seed: str, folders: list[Path]) -> None:
    """Hold files until `count` were held, a few at a time, the freshest ones most often."""
    guard, left = threading.Lock(), [count]

    def hold(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        while left[0] > 0:
            files = [file for folder in folders for file in folder.rglob("*")]
            file = chance.choice(files[-20:] if chance.random() < 0.6 else files or [folders[0]])
            try:
                with file.open("rb") as stream:
                    stream.read(1)
                    time.sleep(min(LONGEST_S, chance.expovariate(1 / 0.8)))
            except OSError:  # a folder, or it has gone just now
                time.sleep(0.005)
                continue
            with guard:
                left[0] -= 1

    threads = [threading.Thread(target=hold, args=[number]) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(count - left[0])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], [Path(folder) for folder in sys.argv[3:]])
