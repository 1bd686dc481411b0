"""What real programs leave of our pictures: `python -m tests.survival` asks all of them."""
