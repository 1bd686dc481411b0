"""Memory: what a picture needs, what a device has, and how to make it fit."""
