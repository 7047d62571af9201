"""One alert on a page: before and after, its spectra, the looks at its place, and what that means in words."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monitor.detection.result import Flag, Outcome
from monitor.plots.colours import ACCENT, FLAG_COLOURS, INK, MUTED
from monitor.plots.image import stretch_limits, to_rgba
from monitor.plots.maps import draw_map, extent_km, map_height, new_figure
from monitor.scenes.grid import Grid

PANEL_IN = 4.1
LOOKS = {
    Outcome.SEEN: ("o", FLAG_COLOURS[Flag.ANOMALY], "seen"),
    Outcome.GONE: ("o", "white", "gone"),
    Outcome.HIDDEN: ("x", MUTED, "hidden"),
}
"""Marker and colour of what a scene saw."""


@dataclass(frozen=True, eq=False)
class View:
    """Three bands (3, rows, columns) of one date with their valid pixels (rows, columns), and what to call it."""

    reflectance: NDArray[np.floating]
    valid: NDArray[np.bool_]
    title: str
    subtitle: str


@dataclass(frozen=True)
class Spectra:
    """Mean reflectance of the place by band in the reference and in the scene; `spread` is of its reference label."""

    bands: tuple[str, ...]
    was: tuple[float, ...]
    now: tuple[float, ...]
    spread: tuple[float, ...] | None = None


def alert(
    before: View,
    after: View,
    grid: Grid,
    rings: Sequence[NDArray[np.float64]],
    spectra: Spectra | None,
    looks: Sequence[tuple[datetime, Outcome]],
    words: Mapping[str, str],
) -> Figure:
    """Two maps with the alert's outline, its spectra, and the looks at its place.

    `rings` are closed lines (points, 2) in the grid's CRS. `words` has the heading under ``title``, the sentence
    under ``sentence`` and the rest, by name, for the list beside the spectra.
    """
    height = map_height(PANEL_IN, grid)
    figure = new_figure(2 * PANEL_IN + 0.3, height + 3.95)
    top = figure.add_gridspec(3, 2, height_ratios=(height + 0.5, 2.1, 0.55))
    limits = stretch_limits(before.reflectance, before.valid)
    for column, view in enumerate((before, after)):
        axes = figure.add_subplot(top[0, column])
        draw_map(axes, to_rgba(view.reflectance, view.valid, limits), grid, view.title, view.subtitle)
        draw_rings(axes, rings, grid)
    draw_spectra(figure.add_subplot(top[1, 0]), spectra)
    draw_words(figure.add_subplot(top[1, 1]), words)
    draw_looks(figure.add_subplot(top[2, :]), looks)
    sentence = textwrap.fill(words.get("sentence", ""), 100)
    heading = f"{words.get('title', '')}\n{sentence}\n "
    figure.suptitle(heading, x=0.015, ha="left", fontsize=11.5, color=INK, linespacing=1.4)
    return figure


def draw_rings(axes: Axes, rings: Sequence[NDArray[np.float64]], grid: Grid) -> None:
    """The alert's outline on a dark casing."""
    left, bottom, *_ = grid.bounds
    for ring in rings:
        x, y = (ring[:, 0] - left) / 1000, (ring[:, 1] - bottom) / 1000
        axes.plot(x, y, color="black", linewidth=3.2, alpha=0.5, zorder=4)
        axes.plot(x, y, color="white", linewidth=1.5, zorder=5)
    _, right, _, top = extent_km(grid)
    axes.set(xlim=(0, right), ylim=(0, top))


def draw_spectra(axes: Axes, spectra: Spectra | None) -> None:
    """What the place reflected in the reference and reflects now."""
    tidy(axes)
    if spectra is None:
        axes.set_axis_off()
        axes.text(0, 0.5, "no spectra are kept with this alert", fontsize=8.5, color=MUTED, va="center")
        return
    x = np.arange(len(spectra.bands))
    was, now = np.array(spectra.was), np.array(spectra.now)
    if spectra.spread is not None:
        spread = np.array(spectra.spread)
        axes.fill_between(x, was - spread, was + spread, color=ACCENT, alpha=0.16, linewidth=0, zorder=1)
    for values, colour, name in ((was, ACCENT, "reference"), (now, FLAG_COLOURS[Flag.ANOMALY], "this scene")):
        axes.plot(x, values, color=colour, linewidth=2, marker="o", markersize=4.5, zorder=3, label=name)
    axes.set_xticks(x, spectra.bands, fontsize=8, color=INK)
    axes.set_ylim(bottom=min(0.0, float(was.min()), float(now.min())))
    axes.set_ylabel("reflectance", fontsize=8.5, color=MUTED)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.98), ncols=2, frameon=False, fontsize=8, labelcolor=INK)


def draw_words(axes: Axes, words: Mapping[str, str]) -> None:
    """The rest of what is known, as a list."""
    axes.set_axis_off()
    rows = [(name, value) for name, value in words.items() if name not in ("title", "sentence")]
    for number, (name, value) in enumerate(rows):
        y = 0.97 - number / max(len(rows), 7)
        axes.text(0.02, y, name, fontsize=8.5, color=MUTED, va="top", transform=axes.transAxes)
        axes.text(0.22, y, textwrap.shorten(value, 62), fontsize=8.5, color=INK, va="top", transform=axes.transAxes)


def draw_looks(axes: Axes, looks: Sequence[tuple[datetime, Outcome]]) -> None:
    """What scenes saw at the place, by date."""
    tidy(axes)
    axes.grid(visible=False)
    axes.axhline(0, color="#d5d9de", linewidth=1, zorder=1)
    for outcome, (marker, colour, name) in LOOKS.items():
        here = [moment for moment, seen in looks if seen is outcome]
        edge = {} if marker == "x" else {"edgecolor": FLAG_COLOURS[Flag.ANOMALY]}
        days: list[object] = [np.datetime64(moment.replace(tzinfo=None)) for moment in here]
        axes.scatter(days, np.zeros(len(here)), 46, color=colour, marker=marker, zorder=3, label=name, **edge)  # type: ignore[arg-type]
    axes.set(yticks=[], ylim=(-1, 1))
    locator = AutoDateLocator(minticks=2, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.margins(x=0.03)
    axes.xaxis.get_offset_text().set(fontsize=8, color=MUTED)
    axes.spines["left"].set_visible(False)
    axes.set_title("looks at the place", loc="left", fontsize=8.5, color=MUTED, pad=3)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.86), ncols=3, frameon=False, fontsize=8, labelcolor=INK)


def tidy(axes: Axes) -> None:
    """Light grid, no frame."""
    axes.grid(color="#e6e8eb", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, colors=MUTED, length=2.5)
    for edge, spine in axes.spines.items():
        spine.set(visible=edge in ("left", "bottom"), color=MUTED, linewidth=0.6)
