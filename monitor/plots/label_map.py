"""A map of labels with what each label is."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.plots.colours import INK, MUTED, RGBA, label_table
from monitor.plots.image import paint, thin_labels, thinning
from monitor.plots.maps import draw_map, map_height, new_figure, percent
from monitor.scenes.grid import Grid

MAP_WIDTH_IN = 6.2
SIDE_WIDTH_IN = 2.7


def labels(
    label_map: LabelMap,
    grid: Grid,
    title: str,
    subtitle: str = "",
    spectra: NDArray[np.floating] | None = None,
    bands: Sequence[str] = (),
) -> Figure:
    """A label map with a legend (label, share of the labelled pixels) and the labels' mean spectra.

    `spectra` (k, bands) are mean reflectances; they give the colours and the chart. Without them labels run
    from dark to bright and there is no chart.
    """
    raster = label_map.labels
    table = label_table(label_map.k, spectra, bands)
    charted = spectra is not None and len(bands) > 0
    map_in, side_in = map_height(MAP_WIDTH_IN, grid) + 0.55, SIDE_WIDTH_IN if charted else 2.0
    legend_in = 0.45 + 0.19 * -(-label_map.k // 2)
    height = max(map_in, legend_in + 2.6 if charted else legend_in)
    figure = new_figure(MAP_WIDTH_IN + side_in, height)
    rows = (legend_in, height - legend_in) if charted else (1.0,)
    layout = figure.add_gridspec(len(rows), 2, width_ratios=(MAP_WIDTH_IN, side_in), height_ratios=rows)
    left = figure.add_subplot(layout[:, 0], anchor="NW")
    draw_map(left, paint(thin_labels(raster, thinning(raster.shape)), table), grid, title, subtitle)
    add_legend(figure.add_subplot(layout[0, 1]), raster, table)
    if spectra is not None and charted:
        draw_spectra(figure.add_subplot(layout[1, 1]), np.asarray(spectra), bands, table)
    return figure


def add_legend(axes: Axes, raster: NDArray[np.uint8], table: dict[int, RGBA]) -> None:
    """Swatch, label id and share of every label."""
    labelled = int((raster != NO_LABEL).sum())
    handles = [
        Patch(facecolor=to_unit(colour), edgecolor="#00000040", label=f"{label}   {percent(raster, label, labelled)}")
        for label, colour in table.items()
        if label != NO_LABEL
    ]
    axes.set_axis_off()
    legend = axes.legend(
        handles=handles,
        title="label   share",
        loc="upper left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0,
        ncols=2,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        alignment="left",
        handlelength=1.3,
        columnspacing=1.2,
    )
    legend.get_title().set(fontsize=8.5, color=MUTED)


def draw_spectra(axes: Axes, spectra: NDArray[np.floating], bands: Sequence[str], table: dict[int, RGBA]) -> None:
    """Mean reflectance of every label over the bands."""
    places = np.arange(len(bands))
    for label, values in enumerate(spectra):
        axes.plot(places, values, color="#00000055", linewidth=2.6, solid_capstyle="round")
        axes.plot(places, values, color=to_unit(table[label]), linewidth=1.9, solid_capstyle="round")
        axes.annotate(
            str(label), (places[-1], values[-1]), (4, 0), textcoords="offset points", va="center", fontsize=7, color=INK
        )
    axes.set_xticks(places, bands, rotation=45, ha="right", fontsize=8, color=INK)
    axes.tick_params(labelsize=8, colors=MUTED, length=2.5)
    axes.set_ylabel("mean reflectance", fontsize=8.5, color=MUTED)
    axes.grid(axis="y", color="#e6e8eb", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.margins(x=0.09)
    for name, spine in axes.spines.items():
        spine.set(visible=name in ("left", "bottom"), color=MUTED, linewidth=0.6)


def to_unit(colour: RGBA) -> tuple[float, float, float]:
    """A colour of a table in 0..1."""
    return colour[0] / 255, colour[1] / 255, colour[2] / 255
