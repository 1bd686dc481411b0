"""Drafts that are scored as if they had come from elsewhere."""

from __future__ import annotations

import msgspec
import numpy as np

from benchmarks.taste.drafts import Array, Drafts, draft, shipped
from benchmarks.taste.owners import Everyone, clicked, learn
from hotfolder.images.composition import measured
from hotfolder.taste.features import Features
from hotfolder.taste.logistic import auc

SHOWN, JUDGED = 150, 200


def measure(shown: Drafts, everyone: Everyone) -> None:
    """Rank correlation of scores with those of the drafts themselves, and AUC."""
    rows = np.random.default_rng(3).permutation(shown.varied)
    held, judged, others = np.split(rows, [SHOWN, SHOWN + JUDGED])
    ways = _encoded(shown, held)
    print(f"\n{SHOWN} drafts as if from elsewhere, by what {JUDGED} others taught")
    for name, pictures in ways.items():
        ranks, aucs = [], []
        for kind, some in everyone.items():
            for likes in some.values() if kind != "none" else ():
                clicks = clicked(likes, np.random.default_rng(900))
                learned = learn(shown, judged, clicks, others)
                if learned is not None:
                    own = learned.logits([shown.features[row] for row in held])
                    logits = learned.logits(pictures)
                    ranks.append(np.corrcoef(_ranks(own), _ranks(logits))[0, 1])
                    aucs.append(auc(logits, likes[held]))
        print(f"  {name}: rank correlation {np.mean(ranks):.3f} (least {np.min(ranks):.3f}), "
              f"AUC {np.nanmean(aucs):.3f}", flush=True)  # fmt: skip


def _encoded(shown: Drafts, held: Array) -> dict[str, list[Features]]:
    """The same drafts by what would be known of them, in several ways."""
    engine, profile = shipped()
    names = ("themselves", "encoded", "pixels and words", "encoded, no words", "pixels alone")
    ways: dict[str, list[Features]] = {name: [] for name in names}
    for row in held:
        one = shown.features[row]
        recipe = draft(profile, one.prompt, (one.width, one.height), int(row))
        image = engine.render(recipe).image
        blank = msgspec.structs.replace(recipe, prompt="")
        pixels = measured.features(image)
        found = (
            (one.prompt, one.kinds),
            (one.prompt, pixels | engine.encode(recipe, image)),
            (one.prompt, pixels),
            ("", pixels | engine.encode(blank, image)),
            ("", pixels),
        )
        for name, (prompt, kinds) in zip(names, found, strict=True):
            ways[name].append(msgspec.structs.replace(one, prompt=prompt, kinds=kinds))
    return ways


def _ranks(values: Array) -> Array:
    ranks: Array = values.argsort().argsort()
    return ranks
