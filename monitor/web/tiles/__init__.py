"""Map tiles of scenes: composites, labels, flags, and the reference."""
