"""Pictures: arrays and dataclasses in, matplotlib figures or PNG files out."""

from monitor.plots.colours import FLAG_COLOURS, FLAG_TABLE, label_table
from monitor.plots.composite_map import composite
from monitor.plots.files import png_bytes, write_png
from monitor.plots.image import stretch_limits
from monitor.plots.label_map import labels
from monitor.plots.overview_map import overview
from monitor.plots.sweep_chart import sweep

__all__ = [
    "FLAG_COLOURS",
    "FLAG_TABLE",
    "composite",
    "label_table",
    "labels",
    "overview",
    "png_bytes",
    "stretch_limits",
    "sweep",
    "write_png",
]
