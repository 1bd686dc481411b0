"""What is done to a picture before it is drawn from, or after: one file for each step.

A module has `Settings`, a msgspec Struct of which every field has a default or is required of the
owner; `apply(image, settings, given)`, from RGB to RGB, the same bits every time; `LIBRARIES`, the
names of the distributions that decide those bits; and, where it changes the sides,
`sides(settings, size)`. It is called by its name, with "-" for "_". `steps` knows them all.

Libraries of pictures are imported where a step is done, so that planning stays light.
"""
