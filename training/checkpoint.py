"""Saves and finds training checkpoints; a file is complete or not there."""

from pathlib import Path

import torch

from .architecture import DESIGNS, SMALL, Design


def save(state: dict, path: Path) -> None:
    """Write a checkpoint in place of the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load(path: Path) -> dict | None:
    """Return a checkpoint, or None where there is none yet."""
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None


def design_of(state: dict | None) -> Design:
    """Return by which design a checkpoint of the autoencoder was made; without one, the small."""
    return DESIGNS[state["design"]] if state else SMALL
