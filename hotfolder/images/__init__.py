"""Containers of pictures and what they carry. One file each: png, jpeg, webp.

A container's module has `SUFFIXES`, `ROOM`, `recognises(data)`, `complete(data)`, `read(data)`,
`splice(data, texts, xmp, exif)` and `bare(data)`; putting such a module here is all that reading a
new container needs. Only `pixels` decodes and encodes, and only there is PIL.
"""
