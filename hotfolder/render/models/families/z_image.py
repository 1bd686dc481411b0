"""Z-Image, of Alibaba's Tongyi-MAI."""

from __future__ import annotations

from hotfolder.render.models.family import LARGE_VAE, QWEN3_4B, Family, Size, Usual

FAMILIES = [
    Family(
        "ZImagePipeline",
        "ZImageImg2ImgPipeline",
        words_behind=32,
        tokens=512,
        single_files={"z-image": "Tongyi-MAI/Z-Image-Turbo"},
        usual=(
            Usual(30, 4.0, r"base|z_?image_(?:bf|fp)\d+", origin="Tongyi-MAI/Z-Image"),
            Usual(8, 0.0),
        ),
        known={
            "Tongyi-MAI/Z-Image-Turbo": Size(
                {"dim": 3840},
                {
                    "transformer": 6_154_908_736,
                    "text_encoder": QWEN3_4B,
                    "vae": LARGE_VAE,
                },
            )
        },
    ),
    Family("ZImageOmniPipeline", refused="they edit pictures with the help of other pictures"),
]
