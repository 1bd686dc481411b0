"""Marks that other programs leave on a picture. One file each: xmp.

A detector's module has `rating(carried)`: stars from 0 to 5, -1 for rejected, None for no mark.
Putting such a module here is all that a new kind of mark needs.
"""

REJECTED = -1
