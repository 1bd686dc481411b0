"""Reading the studio's folders: what changed, what is complete, what it says."""
