"""Draw Things' short keys."""

from __future__ import annotations

import json

from tests import samples
from tests.images.foreign.pictures import params, with_exif

SAID = {
    "c": "a castle",
    "uc": "people",
    "steps": 20,
    "sampler": "DPM++ 2M Karras",
    "seed": 5,
    "scale": 7,
    "model": "wide.ckpt",
    "size": "512x768",
    "strength": 0.6,
    "lora": [{"model": "ink.ckpt", "weight": 0.5}],
}


def test_its_comment_and_its_packet() -> None:
    """EXIF has it, or the XMP packet where EXIF was lost."""
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment><rdf:Alt>'
        f'<rdf:li xml:lang="x-default">{json.dumps(SAID)}</rdf:li>'
        "</rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    for picture in (with_exif("JPEG", json.dumps(SAID)), samples.with_xmp("PNG", packet.encode())):
        said = params(picture)
        assert said is not None
        assert (said.program, said.prompt, said.negative_prompt) == (
            "Draw Things",
            "a castle",
            "people",
        )
        assert (said.scheduler, said.width, said.height) == ("DPM++ 2M Karras", 512, 768)
        assert (said.strength, said.model, said.loras) == (0.6, "wide", ("ink (0.5)",))
