"""Runs campaigns and prints their table.

python -m campaigns                      all of them, full counts
python -m campaigns kills --count 40 --seed 7 --only hotfolder
python -m campaigns --table              only print what the results hold
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from campaigns.kit import table

CAMPAIGNS = (
    "kills",
    "syscalls",
    "errors",
    "power",
    "full_disk",
    "drops",
    "lost_events",
    "vanishing",
    "two_daemons",
    "syncthing",
    "machines",
    "cluster",
    "clocks",
    "sequences",
    "long_day",
)
"""In the order of the table; each is a module with TITLE, COUNT, NAIVE and `run`."""


class CutOff(BaseException):
    """SIGTERM: the row shall say what was run so far."""


def cut_off(number: int, frame: FrameType | None) -> None:
    """For SIGTERM."""
    raise CutOff


def main() -> int:
    """Run what the command line names; 1 if the daemon violated an invariant."""
    signal.signal(signal.SIGTERM, cut_off)
    parser = argparse.ArgumentParser(
        prog="campaigns", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="CAMPAIGN", help=", ".join(CAMPAIGNS))
    parser.add_argument("--seed", type=int, default=1, help="repeats a run")
    parser.add_argument("--count", type=int, help="how many runs (default: the full count)")
    parser.add_argument("--only", choices=("hotfolder", "naive"), help="one kind of daemon")
    parser.add_argument("--work", type=Path, help="where studios are made, and kept")
    parser.add_argument("--results", type=Path, default=Path("campaigns.jsonl"))
    parser.add_argument("--table", action="store_true", help="run nothing")
    options = parser.parse_args()
    names = options.names or CAMPAIGNS
    failed = False
    for name in () if options.table else names:
        for kind in (options.only,) if options.only else ("hotfolder", "naive"):
            row = _run(name, kind, options)
            failed = failed or (kind == "hotfolder" and any(row.violations.values()))
    rows = table.load(options.results)
    print(table.table(rows, CAMPAIGNS))
    print()
    print(table.figures(rows, CAMPAIGNS))
    return int(failed)


def _run(name: str, kind: table.Kind, options: argparse.Namespace) -> table.Row:
    campaign = importlib.import_module(f"campaigns.{name}")
    count = options.count or (campaign.COUNT if kind == "hotfolder" else campaign.NAIVE)
    work = options.work or Path(tempfile.mkdtemp(prefix="campaign-"))
    folder = work / f"{name}-{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    tally = table.Tally()
    try:
        campaign.run(kind, options.seed, count, folder, tally)
    except CutOff:
        tally.measured["cut off"] = f"it should have been {count:,}" if count else "not all"
    row = table.row(name, campaign.TITLE, kind, options.seed, time.monotonic() - began, tally)
    table.save(options.results, row)
    print(
        f"{name}, {kind}: {row.runs:,} runs, {row.faults:,} faults, {row.seconds:.0f} s,", end=" "
    )
    print(", ".join(f"{key} {value}" for key, value in row.violations.items()), flush=True)
    for case in row.cases if kind == "hotfolder" else row.cases[:3]:
        print(f"    {case.encode('utf-8', 'backslashreplace').decode()}")
    for key, value in row.measured.items():
        print(f"    {key}: {value}")
    if options.work is None:
        shutil.rmtree(work, ignore_errors=True)
    return row


if __name__ == "__main__":
    os.environ["PYTHONUTF8"] = "1"
    sys.exit(main())
