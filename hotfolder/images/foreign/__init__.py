"""What other programs write into their pictures. One file for each program.

A reader's module has `read(carried)`: what the program told of its picture, as a `Told`, or None
for a picture that is not its own. `FALLBACK = True` marks one that reads what nobody else claims.
Putting such a module here is all that a new program needs.
"""
