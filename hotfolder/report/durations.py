"""Durations as people say them."""

from __future__ import annotations


def spoken(seconds: float) -> str:
    """A time as people say it."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{max(0.0, seconds):.0f} seconds"
