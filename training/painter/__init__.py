"""Paints flat, poster-like landscapes and says in words what they show.

A `Scene` (scene.py) is everything a picture shows, drawn at random from a seed; `picture.py` paints
it at any size and `caption.py` describes it. The three agree, and that is all they have to do.
"""
