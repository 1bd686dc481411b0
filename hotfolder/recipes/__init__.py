"""What decides a picture: prompts, profiles, recipes. Pure: opens no file, reads no clock."""
