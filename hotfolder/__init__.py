"""Pictures from folders: prompt files become drafts, picked drafts become finals."""

__version__ = "0.1.0"
