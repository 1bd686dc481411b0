"""Files that people drop, as prompts: text in, prompts out; no file is opened here.

One module for each format: a constant `SUFFIXES`, a constant `READS` ("text" or "picture"), and
`parse`. Putting such a module here is all that a new format needs; `formats` finds it.
"""
