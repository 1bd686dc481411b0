"""Prompts as text encoders read them."""
