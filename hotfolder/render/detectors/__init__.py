"""Detectors that an owner names in a profile: one file for each kind of file they come in.

Each has `SUFFIXES` and `read(path)`, which gives a `detector.Sees`, and raises RenderError for a
file that it cannot use. Another package can offer one as an entry point of the group
`hotfolder.detectors`.
"""
