"""One image container or carrier each, and what is common to pixels."""
