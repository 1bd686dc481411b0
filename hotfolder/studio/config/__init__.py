"""Settings, profiles and word lists: loaded, checked and reloaded."""
