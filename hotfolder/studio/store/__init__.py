"""Writing to the studio: every file that hotfolder makes, moves or appends to."""
