"""How fine and how busy a picture is."""

from __future__ import annotations

from PIL import Image, ImageFilter

from hotfolder.images.composition import canvas
from hotfolder.images.measures import texture


def _named(image: Image.Image) -> dict[str, float]:
    return dict(zip(texture.NAMED, texture.measure(canvas.of(image)).tolist(), strict=False))


def test_a_blurred_picture_is_less_sharp_and_less_busy() -> None:
    """Noise is told from what is left of it."""
    noise = Image.effect_noise((128, 96), 90).convert("RGB")
    sharp, soft = _named(noise), _named(noise.filter(ImageFilter.GaussianBlur(4)))
    assert sharp["sharpness"] > soft["sharpness"] + 1
    assert sharp["busyness"] > soft["busyness"]


def test_lines_have_a_direction() -> None:
    """Upright stripes are not level ones."""
    stripes = Image.new("L", (64, 64))
    stripes.putdata([255 * ((x // 8) % 2) for _ in range(64) for x in range(64)])
    upright, level = _named(stripes.convert("RGB")), _named(stripes.rotate(90).convert("RGB"))
    assert upright["upright lines"] > upright["level lines"] + 1
    assert level["level lines"] > level["upright lines"] + 1
