"""Before, after, and what the monitor says about it."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monitor.detection.result import Flag
from monitor.plots.colours import FLAG_TABLE, INK
from monitor.plots.composite_map import uncovered
from monitor.plots.image import paint, stretch_limits, thin_flags, thin_mean, thinning, to_rgba
from monitor.plots.maps import draw_map, draw_outlines, flag_handles, map_height, new_figure
from monitor.scenes.grid import Grid

PANEL_IN = 3.7
FADE = 0.72
"""How far the ground fades to white under the flags."""


def overview(
    before: tuple[NDArray[np.floating], NDArray[np.bool_]],
    after: tuple[NDArray[np.floating], NDArray[np.bool_]],
    flags: NDArray[np.uint8],
    grid: Grid,
    titles: tuple[str, str] = ("Reference", "Scene"),
    subtitles: tuple[str, str, str] = ("", "", ""),
) -> Figure:
    """Three maps side by side: the reference, a scene with outlines of its anomalies, and its flags.

    `before` and `after` are three bands (3, rows, columns) with their valid pixels (rows, columns), shown
    with one contrast, taken from what is clear in both; `flags` has the values of `Flag`.
    """
    step = thinning(flags.shape)
    limits = stretch_limits(before[0], before[1])
    if not before[1].any():
        limits = stretch_limits(after[0], uncovered(after[1], flags))
    images = [to_rgba(*thin_mean(cube, valid, step), limits) for cube, valid in (before, after)]
    small = thin_flags(flags, step)
    figure = new_figure(3 * PANEL_IN, map_height(PANEL_IN, grid) + 0.95)
    panels = figure.subplots(1, 3)
    draw_map(panels[0], images[0], grid, titles[0], subtitles[0])
    draw_map(panels[1], images[1], grid, titles[1], subtitles[1])
    draw_outlines(panels[1], small, grid, (Flag.ANOMALY,), weight=0.6)
    draw_map(panels[2], flags_over(images[1], small), grid, "Flags", subtitles[2] or " ")
    figure.legend(
        handles=flag_handles(flags), loc="outside lower right", ncols=3, frameon=False, fontsize=8.5, labelcolor=INK
    )
    return figure


def flags_over(image: NDArray[np.uint8], flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Flags in their colours over a faded grey image, RGBA uint8 (rows, columns, 4)."""
    grey = image[..., :3].mean(axis=-1, keepdims=True)
    ground = np.repeat(grey * (1 - FADE) + 255 * FADE, 3, axis=-1)
    colours = paint(flags, FLAG_TABLE)
    flagged = np.isin(flags, (Flag.CLOUD, Flag.SHADOW, Flag.ANOMALY))
    out = np.empty_like(image)
    out[..., :3] = np.where(flagged[..., None], colours[..., :3], np.rint(ground))
    out[..., 3] = np.where(flags == Flag.NO_ANSWER, 0, image[..., 3])
    return out
