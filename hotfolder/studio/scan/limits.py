"""What the owner's limits allow of what anybody may put into a shared folder."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hotfolder.errors import Mistake, MistakesError, PictureError, mistake
from hotfolder.images import metadata
from hotfolder.images.metadata import Metadata
from hotfolder.recipes import sizes
from hotfolder.recipes.links import Link
from hotfolder.recipes.recipe import MAX_AREA_PX, MAX_SIDE_PX, MIN_SIDE_PX
from hotfolder.recipes.refine import Size
from hotfolder.recipes.settings import Limits
from hotfolder.snapshot import Request
from hotfolder.studio.layout import SETTINGS_FILE


@dataclass(slots=True)
class Pace:
    """How often something may happen in a period of so many seconds. Time is passed in."""

    period_s: float
    _times: deque[float] = field(default_factory=deque)

    def note(self, now_s: float) -> None:
        """It has happened."""
        self._times.append(now_s)

    def free_in_s(self, most: int, now_s: float) -> float:
        """Seconds until it may happen again, if it may happen `most` times in a period."""
        while self._times and self._times[0] <= now_s - self.period_s:
            self._times.popleft()
        return 0.0 if len(self._times) < most else self._times[-most] + self.period_s - now_s


def check_text(data: bytes, limits: Limits) -> None:
    """Raises MistakesError for a prompt file that is too large."""
    if len(data) > limits.text_kb * 1000:
        says = f"a prompt file may have {limits.text_kb:,} kB, and this one has more"
        raise mistake(f"{says} ({_where('text_kb')})")


def check_requests(requests: Sequence[Request], limits: Limits) -> None:
    """Raises MistakesError for what a prompt file asks too much of."""
    found = dict.fromkeys(_too_much(requests, limits))
    if found:
        raise MistakesError(found)


def check_picture(data: bytes, limits: Limits, contents: Metadata | None = None) -> None:
    """Raises PictureError for a picture that is too large.

    Reads no more than its head, or nothing where `contents` are what the file carries.
    """
    if len(data) > limits.picture_mb * 1_000_000:
        says = f"it has {len(data) / 1e6:.0f} MB, and at most {limits.picture_mb} MB are read"
        raise PictureError(f"{says} ({_where('picture_mb')})")
    head = contents or metadata.read(data)  # raises PictureError as well, for what is no picture
    if head.width * head.height > limits.picture_megapixels * 1e6:
        says = f"{head.width}x{head.height} is more than {limits.picture_megapixels:g} megapixels"
        raise PictureError(f"{says} ({_where('picture_megapixels')})")
    if (
        not MIN_SIDE_PX
        <= min(head.width, head.height)
        <= max(head.width, head.height)
        <= MAX_SIDE_PX
    ):
        says = f"it has {head.width}x{head.height} pixels; pictures can be drawn from"
        raise PictureError(f"{says} that have sides from {MIN_SIDE_PX} to {MAX_SIDE_PX:,} pixels")


def _too_much(requests: Sequence[Request], limits: Limits) -> Iterator[Mistake]:
    drafts = sum(request.count for request in requests if request.count != "endless")
    if drafts > limits.drafts_per_file:
        says = f"this file asks for {drafts:,} drafts; at most {limits.drafts_per_file:,} are made"
        yield Mistake("", f"{says} of one ({_where('drafts_per_file')})")
    for request in requests:
        profile = request.profile
        for where, size in (
            ("size", request.prompt.size or profile.draft.area),
            ("refine.area", profile.refine.area),
            *_areas(profile.refine.links),
        ):
            if says := too_large(size, limits):
                yield Mistake(where, says)


def _areas(links: Sequence[Link]) -> Iterator[tuple[str, str]]:
    for number, link in enumerate(links, 1):
        if link.area is not None:
            yield f"refine.links {number}.area", link.area


def too_large(size: str, limits: Limits) -> str:
    """A sentence if a render of this size ("800x600") is not allowed; else nothing."""
    width, height = sizes.size(size)
    if width * height <= limits.render_megapixels * 1e6:
        return ""
    says = f"{size} is more than {limits.render_megapixels:g} megapixels"
    return f"{says} ({_where('render_megapixels')})"


def link_too_large(made: Size, limits: Limits) -> str:
    """A sentence if what a link of a chain makes is not allowed; else nothing."""
    for width, height in (made.drawn, made.finished):
        if max(width, height) > MAX_SIDE_PX:
            return f"{width}x{height} has a side of more than {MAX_SIDE_PX:,} pixels"
        if width * height > MAX_AREA_PX:
            return f"{width}x{height} is more than {MAX_AREA_PX:,} pixels"
        if says := too_large(f"{width}x{height}", limits):
            return says
    return ""


def _where(key: str) -> str:
    return f"the setting {key} under [limits] in {SETTINGS_FILE}"
