"""Composition: what a small version of a picture says of how it is laid out."""
