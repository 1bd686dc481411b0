"""Did drafts wait for picked pictures? Reads when renders began, and when pictures were picked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

EVENT_S = 0.5
"""How long watchdog keeps a move into a folder, should its other half come."""

SLACK_S = 1.0
"""What a busy machine may add to that before a draft counts as too early."""


def early_drafts(
    trace: Path, picks: Iterable[tuple[float, str]], settle_s: float, finals: int = 3
) -> list[str]:
    """Drafts that began while a settled picture waited for its finals.

    `picks` are (monotonic time in s, the picture's id). All with one daemon that lived all along.
    """
    waiting = {identity: picked for picked, identity in picks}
    begun: Counter[str] = Counter()
    early = []
    for line in trace.read_text().splitlines():
        when, stage, identity = line.split()
        if stage == "final":
            begun[identity] += 1
            if begun[identity] >= finals:
                waiting.pop(identity, None)
            continue
        limit = float(when) - settle_s - EVENT_S - SLACK_S
        late = [picked for picked, picked_at in waiting.items() if picked_at < limit]
        early += [f"a draft began while {picked[:8]} waited" for picked in late]
    return early
