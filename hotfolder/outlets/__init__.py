"""Places where copies are published: one file for each, with its `OUTLET`.

An outlet says what its place takes: formats, sizes, shapes, and what of how a picture was made.
`outlet` has its shape, `known` knows them all. They never import one another.
"""
