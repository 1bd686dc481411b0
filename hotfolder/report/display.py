"""What is shown at the bottom of a terminal for as long as it is entered."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self


class Display:
    """Draws `_drawn`, one of rich's live displays, again and again; None draws nothing."""

    _drawn: Any

    def __enter__(self) -> Self:
        if self._drawn is not None:
            self._drawn.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn is not None:
            self._drawn.stop()
