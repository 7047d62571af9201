"""Spectral signatures: what every label reflects, band by band."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monitor.clustering.stats_result import LabelStats
from monitor.detection.words import ground
from monitor.plots.colours import INK, MUTED, label_table
from monitor.plots.label_map import to_unit
from monitor.plots.maps import new_figure

OUTER = (1, 5)
"""Places of the 5 and 95 % quantiles in a label's quantiles."""
PALE = 0.62
"""Colours lighter than this are darkened to it, for a white band on white paper shows nothing."""


def signatures(stats: Sequence[LabelStats], title: str, subtitle: str = "") -> Figure:
    """One panel a label: mean reflectance over wavelength, one standard deviation around it, and the 5..95 % range.

    The other labels' means stand behind in grey; all panels have one scale.
    """
    columns = int(np.ceil(np.sqrt(len(stats))))
    rows = -(-len(stats) // columns)
    figure = new_figure(2.75 * columns + 0.6, 2.05 * rows + 1.2)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    bands = stats[0].bands
    means = np.array([stat.mean for stat in stats])
    table = label_table(max(stat.label for stat in stats) + 1, padded(stats, means), bands)
    total = sum(stat.pixels for stat in stats)
    for axes, stat in zip(panels.flat, stats, strict=False):
        draw_label(axes, stat, means, inked(to_unit(table[stat.label])), total)
    for axes in panels.flat[len(stats) :]:
        axes.set_axis_off()
    top = max(float(np.nanmax(upper_edge(stats))), 0.05)
    panels[0, 0].set_ylim(min(float(np.nanmin(lower_edge(stats))), 0.0), 1.06 * top)
    for row in range(rows):
        panels[row, 0].set_ylabel("reflectance", fontsize=8.5, color=MUTED)
    for number in range(len(stats)):
        if number + columns >= len(stats):
            name_bands(panels.flat[number], bands)
    heading = f"{title}\n " if subtitle else title
    figure.suptitle(heading, x=0.012, ha="left", fontsize=11.5, fontweight="bold", color=INK)
    if subtitle:
        figure.text(0.012, 1 - 0.3 / figure.get_figheight(), subtitle, fontsize=8.5, color=MUTED, va="top")
    return figure


def padded(stats: Sequence[LabelStats], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means by label (k, bands); a label that does not occur has the mean of all, so that it takes no colour away."""
    spectra = np.tile(means.mean(axis=0), (max(stat.label for stat in stats) + 1, 1))
    spectra[[stat.label for stat in stats]] = means
    return spectra


def upper_edge(stats: Sequence[LabelStats]) -> NDArray[np.float64]:
    """The highest value that is drawn, per label and band."""
    return np.array(
        [[max(m + s, q[OUTER[1]]) for m, s, q in zip(x.mean, x.std, quantiles_of(x), strict=True)] for x in stats]
    )


def lower_edge(stats: Sequence[LabelStats]) -> NDArray[np.float64]:
    """The lowest value that is drawn, per label and band."""
    return np.array(
        [[min(m - s, q[OUTER[0]]) for m, s, q in zip(x.mean, x.std, quantiles_of(x), strict=True)] for x in stats]
    )


def quantiles_of(stat: LabelStats) -> Sequence[Sequence[float]]:
    """A label's quantiles by band; its mean in their place where they were not counted."""
    return stat.quantiles or [[value] * 7 for value in stat.mean]


def draw_label(
    axes: Axes, stat: LabelStats, means: NDArray[np.float64], colour: tuple[float, float, float], total: int
) -> None:
    """One label over all others."""
    x = np.arange(len(stat.bands))
    axes.plot(x, means.T, color="#d5d9de", linewidth=0.9, zorder=1)
    mean, std = np.array(stat.mean), np.array(stat.std)
    if stat.quantiles:
        outer = np.array(stat.quantiles)[:, OUTER]
        axes.fill_between(x, outer[:, 0], outer[:, 1], color=colour, alpha=0.16, linewidth=0, zorder=2)
    axes.fill_between(x, mean - std, mean + std, color=colour, alpha=0.38, linewidth=0, zorder=3)
    axes.plot(x, mean, color=INK, linewidth=2.7, solid_capstyle="round", zorder=4)
    axes.plot(x, mean, color=colour, linewidth=1.7, solid_capstyle="round", zorder=5)
    axes.scatter(x, mean, 17, color=colour, edgecolor=INK, linewidth=0.7, zorder=6)
    name = ground(dict(zip(stat.bands, stat.mean, strict=True)))
    axes.set_title(f"{stat.label}  {name}", loc="left", fontsize=9, color=INK, fontweight="bold", pad=4)
    share = 100 * stat.pixels / max(total, 1)
    axes.annotate(
        f"{share:.1f} %, {stat.area_m2 / 1e6:,.1f} km²", (0.03, 0.965), xycoords="axes fraction", va="top",
        fontsize=7.5, color=MUTED,
    )  # fmt: skip
    axes.grid(color="#e6e8eb", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, colors=MUTED, length=2.5)
    for edge, spine in axes.spines.items():
        spine.set(visible=edge in ("left", "bottom"), color=MUTED, linewidth=0.6)


def inked(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """A label's colour, dark enough for a line."""
    light = max(sum(colour) / 3, 1e-6)
    red, green, blue = (channel * min(PALE / light, 1) for channel in colour)
    return red, green, blue


def name_bands(axes: Axes, bands: Sequence[str]) -> None:
    """Bands by name below the axis."""
    axes.set_xticks(
        np.arange(len(bands)), bands, rotation=50, ha="right", rotation_mode="anchor", fontsize=7.5, color=INK
    )
    axes.tick_params(labelbottom=True)
