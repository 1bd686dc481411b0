"""Content credentials (C2PA): who says how a picture was made, signed and bound to its bytes.

`manifest` says how it was made, `certificate` finds whose signature it gets, `signing` signs. They
need the extra `sign`. Source: C2PA technical specification 2.4.
"""
