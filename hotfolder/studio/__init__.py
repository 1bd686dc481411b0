"""All that touches the tree of folders."""
