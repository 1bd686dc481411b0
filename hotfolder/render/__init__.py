"""The engine: recipe in, picture out, with a callback after every denoising step."""

import os

# torch's CPU threads wait for each other by spinning. On a computer that does something else as
# well, the one that is waited for often is not running, and the others burn its time: a picture of
# a second then takes twenty. A short spin costs nothing; read when torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
