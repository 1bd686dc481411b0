"""A daemon with a painter for a model: `python -m tests.windows.daemon STUDIO STEP_S OPTIONS`.

A line with an event's name (`console.EVENTS`) on its standard input is said to it as by a console.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import hotfolder.commands.run
from campaigns.kit import painter
from hotfolder.cli import main
from hotfolder.studio.layout import find
from hotfolder.studio.store import trust
from tests.windows import console


def hear() -> None:
    """Say on what the standard input says."""
    for line in sys.stdin:
        console.say(console.EVENTS[line.strip()])


if __name__ == "__main__":
    root, step_s, *options = sys.argv[1:]
    painter.step_s = float(step_s)
    trust.record(find(Path(root)), trusted=True)
    threading.Thread(target=hear, daemon=True).start()
    hotfolder.commands.run.open_executor = painter.in_a_thread
    sys.exit(main(["run", root, "--verbose", *options]))
