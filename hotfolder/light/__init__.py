"""The light table: look through pictures in a browser, mark them, ask for more.

The folders stay the only state. What is kept besides (an index, what was seen, thumbnails) lies in
local state and in the owner's cache, and may be deleted at any time. Every act is one that a person
could do with a file manager: a move, or a rating in a sidecar.
"""
