"""Models: where their weights are, what family they belong to, and how they are opened."""
