"""Run every program over a draft and a final of each format, and write docs/survival.md."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from hotfolder.studio.create import create
from tests.survival.matrix import table
from tests.survival.programs import PROGRAMS

TARGET = Path(__file__).parent.parent.parent / "docs" / "survival.md"
DEBIAN = (
    "libimage-exiftool-perl exiv2 imagemagick graphicsmagick libjpeg-turbo-progs optipng pngcrush "
    "pngquant zopfli webp libvips-tools gimp"
)


def main() -> int:
    """Print the page and write it; 1 if a recipe that should have been found was not."""
    missing = sorted({p.tool for p in PROGRAMS if shutil.which(p.tool) is None})
    if missing:
        print(f"not installed: {', '.join(missing)}\napt-get install {DEBIAN}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        studio, _ = create(Path(folder) / "studio")
        page, wrong = table(PROGRAMS, studio, Path(folder))
    TARGET.write_text(page)
    print(page, *(f"WRONG: {says}" for says in wrong), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
