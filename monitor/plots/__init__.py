"""Pictures: arrays and dataclasses in, matplotlib figures or PNG files out."""

from monitor.plots.alert_chart import alert
from monitor.plots.colours import FLAG_COLOURS, FLAG_TABLE, label_table
from monitor.plots.composite_map import composite
from monitor.plots.files import png_bytes, write_png
from monitor.plots.image import stretch_limits
from monitor.plots.label_map import labels
from monitor.plots.overview_map import overview
from monitor.plots.signature_chart import signatures
from monitor.plots.sweep_chart import sweep
from monitor.plots.timeline_chart import TimelineAlert, TimelineScene, timeline

__all__ = [
    "FLAG_COLOURS",
    "FLAG_TABLE",
    "TimelineAlert",
    "TimelineScene",
    "alert",
    "composite",
    "label_table",
    "labels",
    "overview",
    "png_bytes",
    "signatures",
    "stretch_limits",
    "sweep",
    "timeline",
    "write_png",
]
