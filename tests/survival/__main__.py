"""Run every program over a draft and a final of each format, and write docs/survival.md."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.survival.matrix import pictures, table
from tests.survival.programs import PROGRAMS

TARGET = Path(__file__).parent.parent.parent / "docs" / "survival.md"


def main() -> int:
    """Print the matrix and write it; 1 if a recipe that should have been found was not."""
    with tempfile.TemporaryDirectory() as folder:
        programs = [program for program in PROGRAMS if shutil.which(program.tool)]
        missing = sorted({p.tool for p in PROGRAMS} - {p.tool for p in programs})
        page, wrong = table(programs, pictures(), Path(folder))
    print(page)
    for says in wrong:
        print(f"WRONG: {says}", file=sys.stderr)
    if missing:
        print(f"not installed, and so not in the table: {', '.join(missing)}", file=sys.stderr)
    else:
        TARGET.write_text(page)
    return 1 if wrong or missing else 0


if __name__ == "__main__":
    sys.exit(main())
