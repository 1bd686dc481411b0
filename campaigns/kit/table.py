"""The table of the campaigns: rows on disk, so that a run that is cut off keeps what it has."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from campaigns.kit.checker import INVARIANTS, Violations
from campaigns.kit.daemons import Kind


@dataclass(slots=True)
class Tally:
    """What one campaign did to one kind of daemon, and what it broke.

    `asked` are the invariants that the campaign looks at. `cases` are the first violations in
    words. `measured` are figures worth a line of their own.
    """

    asked: tuple[str, ...] = INVARIANTS[:5]
    runs: int = 0
    faults: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    cases: list[str] = field(default_factory=list)
    measured: dict[str, str] = field(default_factory=dict)

    def add(self, found: Violations, where: str) -> None:
        """Count what the checker found in one studio; `where` says how to have it again."""
        for invariant, cases in found.items():
            self.violations[invariant] += len(cases)
            self.cases += [f"{where}: {invariant} {case}" for case in cases[:4]]
        del self.cases[40:]


@dataclass(slots=True)
class Row:
    """One line of the table."""

    campaign: str
    title: str
    kind: Kind
    seed: int
    seconds: float
    runs: int
    faults: int
    violations: dict[str, int]
    cases: list[str]
    measured: dict[str, str]


def row(campaign: str, title: str, kind: Kind, seed: int, seconds: float, tally: Tally) -> Row:
    """The row of a campaign that was run."""
    violations = {name: tally.violations[name] for name in (*tally.asked, *tally.violations)}
    return Row(
        campaign,
        title,
        kind,
        seed,
        round(seconds, 1),
        tally.runs,
        tally.faults,
        violations,
        tally.cases,
        tally.measured,
    )


def save(results: Path, new: Row) -> None:
    """Add a row to the results; an earlier one of the same campaign and kind gives way."""
    rows = [old for old in load(results) if (old.campaign, old.kind) != (new.campaign, new.kind)]
    beside = results.with_name(results.name + ".new")
    beside.write_text("".join(json.dumps(asdict(one)) + "\n" for one in (*rows, new)), "ascii")
    beside.replace(results)


def load(results: Path) -> list[Row]:
    """All rows so far."""
    if not results.exists():
        return []
    return [Row(**json.loads(line)) for line in results.read_text("ascii").splitlines()]


def table(rows: Iterable[Row], order: Iterable[str]) -> str:
    """The rows as a table in Markdown, the naive writer's figures beside, in this order."""
    by_name: dict[str, dict[str, Row]] = {}
    for one in rows:
        by_name.setdefault(one.campaign, {})[one.kind] = one
    head = ["Campaign", "Runs", "Faults", *INVARIANTS, "Naive: runs", "its violations"]
    lines = [head, ["---", *["--:"] * (len(head) - 2), "---"]]
    for name in order:
        ours, naive = by_name.get(name, {}).get("hotfolder"), by_name.get(name, {}).get("naive")
        if ours is None:
            continue
        counts = [_count(ours.violations, invariant) for invariant in INVARIANTS]
        beside = [f"{naive.runs:,}", _told(naive.violations)] if naive else ["-", "-"]
        lines.append([ours.title, f"{ours.runs:,}", f"{ours.faults:,}", *counts, *beside])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figures(rows: Iterable[Row], order: Iterable[str]) -> str:
    """What the campaigns measured, as a list in Markdown, in this order."""
    ours = {one.campaign: one for one in rows if one.kind == "hotfolder"}
    params = [ours[name] for name in order if name in ours and ours[name].measured]
    return "\n".join(
        f"- {one.title}: " + "; ".join(f"{key}: {value}" for key, value in one.measured.items())
        for one in params
    )


def _count(violations: Mapping[str, int], invariant: str) -> str:
    return f"{violations[invariant]:,}" if invariant in violations else "-"


def _told(violations: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(violations.items()) if count)
