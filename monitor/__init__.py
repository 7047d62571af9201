"""Change-detection monitor for Landsat 8: k-means labels, their borders, and what no longer fits."""

__version__ = "0.1.0"
