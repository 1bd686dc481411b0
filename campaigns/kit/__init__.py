"""What the campaigns share."""
