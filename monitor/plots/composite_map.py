"""A colour composite of one scene."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monitor.detection.result import Flag
from monitor.plots.colours import INK
from monitor.plots.image import Limits, stretch_limits, thin_flags, thin_mean, thinning, to_rgba
from monitor.plots.maps import draw_map, draw_outlines, flag_handles, map_height, new_figure
from monitor.scenes.grid import Grid

WIDTH_IN = 7.0


def composite(
    reflectance: NDArray[np.floating],
    valid: NDArray[np.bool_],
    grid: Grid,
    title: str,
    subtitle: str = "",
    bands: Sequence[str] = (),
    flags: NDArray[np.uint8] | None = None,
    limits: Limits | None = None,
) -> Figure:
    """A map of three bands (3, rows, columns) as red, green, blue, with outlines of the flags if there are any.

    `bands` are named under the title. `limits` (3, 2) from `stretch_limits` make two scenes comparable;
    without them the contrast comes from the valid pixels that are not flagged as cloud or shadow.
    """
    step = thinning(valid.shape)
    if limits is None:
        limits = stretch_limits(reflectance, uncovered(valid, flags))
    image = to_rgba(*thin_mean(reflectance, valid, step), limits)
    named = " · ".join(filter(None, (subtitle, ", ".join(bands))))
    figure = new_figure(WIDTH_IN, map_height(WIDTH_IN, grid) + (0.88 if flags is not None else 0.55))
    axes = figure.add_subplot()
    draw_map(axes, image, grid, title, named)
    if flags is not None:
        draw_outlines(axes, thin_flags(flags, step), grid)
        figure.legend(
            handles=flag_handles(flags), loc="outside lower left", ncols=3, frameon=False, fontsize=8.5, labelcolor=INK
        )
    return figure


def uncovered(valid: NDArray[np.bool_], flags: NDArray[np.uint8] | None) -> NDArray[np.bool_]:
    """Valid pixels that are neither cloud nor shadow, or all valid ones if hardly any are."""
    if flags is None:
        return valid
    clear: NDArray[np.bool_] = valid & (flags != Flag.CLOUD) & (flags != Flag.SHADOW)
    return clear if clear.sum() > 0.02 * valid.sum() else valid
