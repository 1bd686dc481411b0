"""What can be measured of any picture: kinds of features that need no model. One file each.

A kind's module has `VERSION`, `NAMED` (what its first numbers are called) and `measure(canvas)`:
numbers from -4 to 4, always as many. Putting such a module here is all that another kind needs.
"""
