"""`python -m hotfolder`."""

import os
import sys

# Python looks for every module in the current folder first. Where that is a studio, whoever can
# write there would decide what `import torch` means.
if os.path.isdir(".hotfolder"):  # noqa: PTH112 - nothing is imported before this
    here = os.path.realpath(".")
    sys.path[:] = [path for path in sys.path if os.path.realpath(path) != here]

from hotfolder.cli import program

program()
