"""Figures as PNG."""

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from monitor.plots.colours import FLAG_TABLE

DPI = 120


def png_bytes(figure: Figure, dpi: int = DPI) -> bytes:
    """The figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor=figure.get_facecolor())
    return buffer.getvalue()


def write_png(figure: Figure, path: Path, dpi: int = DPI, max_bytes: int | None = None) -> None:
    """Write the figure, replacing the file at once; with `max_bytes` in 256 colours, then smaller, until it fits."""
    data = png_bytes(figure, dpi)
    while max_bytes is not None and len(data) > max_bytes:
        data = in_few_colours(png_bytes(figure, dpi))
        if dpi <= 40:
            break
        dpi = int(dpi * 0.88)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.partial")
    part.write_bytes(data)
    part.replace(path)


def in_few_colours(data: bytes) -> bytes:
    """The same PNG with a palette of 256 colours, of which white and the flags' own are kept exactly."""
    with Image.open(io.BytesIO(data)) as image:
        full = image.convert("RGB")
    fixed = [(255, 255, 255), *(colour[:3] for colour in FLAG_TABLE.values())]
    free = 256 - len(fixed)
    few = full.quantize(free, dither=Image.Dither.NONE)
    common = (few.getpalette() or [])[: 3 * free]
    pixels, index = np.asarray(full), np.array(few)
    for place, colour in enumerate(fixed, start=free):
        index[(pixels == colour).all(axis=-1)] = place
    painted = Image.fromarray(index)
    painted.putpalette(common + [0] * (3 * free - len(common)) + [channel for colour in fixed for channel in colour])
    buffer = io.BytesIO()
    painted.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
