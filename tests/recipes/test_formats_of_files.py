"""What formats and qualities mean."""

from __future__ import annotations

import pytest

from hotfolder.recipes.encoding import PNG, Encoding, Format, encoding


@pytest.mark.parametrize(
    ("format", "quality", "expected", "suffix", "lossy", "words"),
    [
        ("png", None, PNG, ".png", False, "PNG"),
        ("png", 80, PNG, ".png", False, "PNG"),
        ("jpeg", None, Encoding("jpeg", 92), ".jpg", True, "JPEG of quality 92"),
        ("jpeg", 80, Encoding("jpeg", 80), ".jpg", True, "JPEG of quality 80"),
        ("webp", None, Encoding("webp"), ".webp", False, "WebP"),
        ("webp", 80, Encoding("webp", 80), ".webp", True, "WebP of quality 80"),
    ],
)
def test_formats(
    format: Format, quality: int | None, expected: Encoding, suffix: str, lossy: bool, words: str
) -> None:
    """PNG loses nothing whatever its quality, JPEG always something, WebP if it has a quality."""
    made = encoding(format, quality)
    assert (made, made.suffix, made.lossy, str(made)) == (expected, suffix, lossy, words)
