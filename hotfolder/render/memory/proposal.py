"""Which of the presets somebody should begin with, who has this card and this much room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hotfolder.render.memory.fit import Prospect

_BITS_PER_SECOND = 100e6
_ROOM = 1.3  # of a download: it is written once and then named, and the disk should not be full
_SLOW = ("group-offload", "fp8")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A preset that newcomers are happy with: its download in bytes, and its licence."""

    profile: str
    download_bytes: float
    licence: str

    @property
    def minutes(self) -> int:
        """How long it is fetched at 100 Mbit/s."""
        return max(1, round(self.download_bytes * 8 / _BITS_PER_SECOND / 60))


# The best first: quick, with a licence that allows nearly everything. docs/models.md has them all.
CANDIDATES = (
    Candidate("flux2-klein", 16e9, "Apache 2.0"),
    Candidate("sdxl-lightning", 7e9, "CreativeML Open RAIL++-M"),
    Candidate("sd15", 2.1e9, "CreativeML Open RAIL-M"),
)


def proposed(device: str, prospects: Mapping[str, Prospect], free_bytes: float) -> Candidate | None:
    """The best candidate that a card draws without detours, and that the disk has room for.

    `prospects` are by the names of profiles. A CPU is too slow for all of them: None.
    """
    if device == "cpu":
        return None
    for candidate in CANDIDATES:
        found = prospects.get(candidate.profile)
        if found is None or found.where == "unusable" or not found.fits:
            continue
        is_quick = all(fit.fits and not any(w in fit.plan for w in _SLOW) for fit in found.fits)
        has_room = found.where == "here" or free_bytes > _ROOM * candidate.download_bytes
        if is_quick and has_room:
            return candidate
    return None
