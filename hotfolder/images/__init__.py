"""Containers of pictures and what they carry. One file each: png, jpeg, webp.

A container's module has `SUFFIXES`, `recognises(data)`, `complete(data)` and `read(data)`; putting
such a module here is all that a new container needs. Only `pixels` decodes, and only there is PIL.
"""
