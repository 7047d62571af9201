"""A map in a figure: image, no data, scale bar, north, outlines of flags, legend."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import AbstractPathEffect, Normal, Stroke
from numpy.typing import NDArray

from monitor.detection.result import Flag
from monitor.plots.colours import FLAG_COLOURS, FLAG_NAMES, INK, MUTED, NODATA, NODATA_HATCH, PAPER
from monitor.scenes.grid import Grid

FLAGGED = (Flag.CLOUD, Flag.SHADOW, Flag.ANOMALY)


def new_figure(width_in: float, height_in: float) -> Figure:
    """A figure that lays itself out and needs no window."""
    return Figure(figsize=(width_in, height_in), layout="constrained", facecolor=PAPER)


def map_height(width_in: float, grid: Grid) -> float:
    """Height in inches of a map of that width, kept within reason for long and thin areas."""
    left, bottom, right, top = grid.bounds
    return float(np.clip(width_in * (top - bottom) / (right - left), 0.35 * width_in, 1.8 * width_in))


def extent_km(grid: Grid) -> tuple[float, float, float, float]:
    """Left, right, bottom, top in km from the lower left corner."""
    left, bottom, right, top = grid.bounds
    return 0.0, (right - left) / 1000, 0.0, (top - bottom) / 1000


def draw_map(axes: Axes, image: NDArray[np.uint8], grid: Grid, title: str, subtitle: str = "") -> None:
    """An RGBA image (rows, columns, 4) on the grid; transparent pixels show as hatched grey."""
    extent = extent_km(grid)
    axes.set_facecolor(NODATA)
    if (image[..., 3] == 0).any():
        axes.add_patch(
            Rectangle((0, 0), extent[1], extent[3], facecolor=NODATA, edgecolor=NODATA_HATCH, hatch="////", linewidth=0)
        )
    smooth = max(image.shape[:2]) > 700
    axes.imshow(image, extent=extent, interpolation="antialiased" if smooth else "nearest", zorder=2)
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=INK, linewidth=0.6)
    if title:
        axes.set_title(title, loc="left", fontsize=10.5, color=INK, fontweight="bold", pad=17 if subtitle else 5)
    if subtitle:
        axes.annotate(subtitle, (0, 1), (0, 5), "axes fraction", textcoords="offset points", fontsize=8.5, color=MUTED)
    draw_scale_bar(axes, extent)
    draw_north(axes)


def draw_scale_bar(axes: Axes, extent: tuple[float, float, float, float]) -> None:
    """A bar of a round length of about a fifth of the map, in the lower left."""
    length = round_length(extent[1] / 5)
    x, y = 0.03 * extent[1], 0.035 * extent[3]
    axes.add_line(Line2D([x, x + length], [y, y], color=INK, linewidth=2.4, path_effects=casing(5), zorder=6))
    text = f"{length:g} km" if length >= 1 else f"{length * 1000:g} m"
    label = axes.annotate(
        text,
        (x + length / 2, y),
        (0, 3.5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7.5,
        zorder=7,
    )
    label.set(color=INK, path_effects=casing(2.6))


def casing(width: float, colour: str = "white", alpha: float = 0.9) -> list[AbstractPathEffect]:
    """A wider line behind a line or text, so that it shows on any ground."""
    return [Stroke(linewidth=width, foreground=colour, alpha=alpha), Normal()]


def round_length(about: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above a length."""
    power = 10.0 ** np.floor(np.log10(about))
    return float(max(step * power for step in (1, 2, 5) if step * power <= about * (1 + 1e-9)))


def draw_north(axes: Axes) -> None:
    """A small arrow in the upper right; every map has north up."""
    for sign, below, size in (("▲", 5, 11), ("N", 17, 7.5)):
        text = axes.annotate(
            sign,
            (1, 1),
            (-14, -below),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=size,
            fontweight="bold",
        )
        text.set(color=INK, zorder=6, path_effects=casing(2.2))


def draw_outlines(
    axes: Axes, flags: NDArray[np.uint8], grid: Grid, kinds: Iterable[Flag] = FLAGGED, weight: float = 1.0
) -> None:
    """Lines around the flagged pixels (rows, columns), on a dark casing so that they show on any ground."""
    _, width, _, height = extent_km(grid)
    zoom = max(1, 900 // max(flags.shape))  # so that lines follow the pixels' edges
    fine = np.kron(flags, np.ones((zoom, zoom), np.uint8))
    rows, cols = fine.shape
    x = (np.arange(-1, cols + 1) + 0.5) * width / cols
    y = height - (np.arange(-1, rows + 1) + 0.5) * height / rows
    thin = weight * (0.8 if max(flags.shape) > 250 else 1.3)
    for flag in kinds:
        mask = np.pad(fine == flag, 1)
        if mask.any():
            lines = axes.contour(x, y, mask.astype(np.float32), levels=[0.5], colors=[FLAG_COLOURS[flag]], zorder=4)
            strong = thin * (1.8 if flag is Flag.ANOMALY else 1)
            lines.set_linewidth(strong)
            lines.set_path_effects(casing(strong + weight, "black", 0.55))


def flag_handles(flags: NDArray[np.uint8], kinds: Iterable[Flag] = FLAGGED) -> list[Patch]:
    """Legend entries of flags with their share of the judged pixels."""
    judged = max(int((flags != Flag.NO_ANSWER).sum()), 1)
    return [
        Patch(
            facecolor=FLAG_COLOURS[flag], edgecolor="none", label=f"{FLAG_NAMES[flag]} {percent(flags, flag, judged)}"
        )
        for flag in kinds
    ]


def percent(values: NDArray[np.uint8], value: int, total: int) -> str:
    """Share of a value as text."""
    share = 100 * float((values == value).sum()) / max(total, 1)
    if share == 0:
        return "0 %"
    return "< 0.1 %" if share < 0.1 else f"{share:.1f} %"
