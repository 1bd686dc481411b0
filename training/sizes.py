"""The sizes the model is trained at, in pixels: multiples of the autoencoder's factor of 16."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """A picture size and its share of the corpus."""

    width: int
    height: int
    share: float

    @property
    def name(self) -> str:
        return f"{self.width}x{self.height}"


# Drafts have an area of about 256²; the rest are what refinement works at, 1.56 times the area.
SIZES = (
    Size(256, 256, 0.36),
    Size(320, 208, 0.13),
    Size(208, 320, 0.13),
    Size(288, 224, 0.11),
    Size(224, 288, 0.11),
    Size(320, 320, 0.06),
    Size(400, 256, 0.03),
    Size(256, 400, 0.03),
    Size(352, 288, 0.02),
    Size(288, 352, 0.02),
)
# What a denoiser may begin with: scenes of half the size, at a quarter of the cost.
HALF_SIZES = (Size(128, 128, 0.5), Size(160, 112, 0.25), Size(112, 160, 0.25))
FACTOR = 16
