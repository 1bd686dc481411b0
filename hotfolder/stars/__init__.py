"""Marks that other programs leave on a picture. One file for each kind of mark.

A detector's module has `marks(draft)`, which yields what it finds; where programs keep such a mark
in a file beside the picture, `SIDECARS` says how that file is called. Putting such a module here
is all that a new kind of mark needs.
"""
