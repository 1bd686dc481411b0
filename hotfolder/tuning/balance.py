"""What a like says of a picture, and what it says of its prompt: only the first can be learned.

Who likes castles picks pictures of castles; a model that draws more castles would disobey. So likes
and dislikes are weighed until their prompts are alike: a like by how little its words made it
likely, a dislike by how much they made a like likely. These are the overlap weights of Li 2018,
"Balancing Covariates via Propensity Score Weighting", by which both sides have the same mean of
each word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hotfolder.taste import logistic, scale
from hotfolder.taste.features import Features
from hotfolder.tuning.chosen import Example

_DIRECTIONS = 128
_LEAST = 0.01  # nothing is left out
_STRENGTH = 2000.0  # of what words may say: that much may be told by them


def balanced(examples: Sequence[Example]) -> list[Example]:
    """The same examples, weighed so that words tell their likes and dislikes apart no more."""
    liked = np.array([example.liked for example in examples])
    if liked.all() or not liked.any():
        return list(examples)
    prompts = [Features(example.picture, prompt=example.prompt) for example in examples]
    rows = scale.find(prompts).rows(prompts).astype(float)
    left, sizes, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    rows = (left * sizes)[:, :_DIRECTIONS]
    rows /= max(1e-9, float(np.sqrt(np.square(rows).sum(1).mean())))
    weights = np.array([example.weight for example in examples])
    likely = logistic.sigmoid(logistic.fit(rows, liked, weights, _STRENGTH).logits(rows))
    unlikely = np.where(liked, 1 - likely, likely)
    return [
        replace(example, weight=example.weight * max(_LEAST, float(share)))
        for example, share in zip(examples, unlikely, strict=True)
    ]
