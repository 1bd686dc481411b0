"""Everything that makes the shipped model, postcard: its pictures, its training, its measures.

None of this is in the wheel. `README.md` beside this file says how to run it.
"""
