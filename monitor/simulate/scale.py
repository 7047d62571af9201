"""How fine the simulated ground is."""

PIXEL_M = 30.0
"""Side of a Landsat pixel."""
FACTOR = 3
"""Fine cells along one side of a Landsat pixel."""
MARGIN_PX = 4
"""Landsat pixels of ground around the scene, so that a shifted scene still sees ground everywhere."""
FINE_M = PIXEL_M / FACTOR
"""Side of a fine cell."""
