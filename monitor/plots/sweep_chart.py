"""What the sweep over k found."""

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from monitor.clustering.sweep_result import Sweep
from monitor.detection.result import Flag
from monitor.plots.colours import ACCENT, FLAG_COLOURS, INK, MUTED
from monitor.plots.maps import new_figure

CHOSEN = FLAG_COLOURS[Flag.ANOMALY]


def sweep(result: Sweep, title: str, subtitle: str = "") -> Figure:
    """Inertia and silhouette over k, with the chosen k marked and the reason written below."""
    figure = new_figure(6.4, 5.4)
    above, below = figure.subplots(2, 1, sharex=True)
    ks = [entry.k for entry in result.entries]
    draw_line(above, ks, [entry.inertia for entry in result.entries], result.chosen_k, "inertia")
    draw_line(below, ks, [entry.silhouette for entry in result.entries], result.chosen_k, "silhouette")
    above.set_ylim(bottom=0)
    below.set_xlabel("k (number of clusters)", fontsize=9, color=MUTED)
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    above.set_title(title, loc="left", fontsize=10.5, fontweight="bold", color=INK, pad=17 if subtitle else 6)
    if subtitle:
        above.annotate(subtitle, (0, 1), (0, 5), "axes fraction", textcoords="offset points", fontsize=8.5, color=MUTED)
    reason = textwrap.fill(f"k = {result.chosen_k}: {result.reason}", 95)
    figure.supxlabel(reason, x=0.02, ha="left", fontsize=8.5, color=INK)
    return figure


def draw_line(axes: Axes, ks: list[int], values: list[float], chosen: int, name: str) -> None:
    """One measure over k."""
    axes.plot(ks, values, color=ACCENT, linewidth=1.8, marker="o", markersize=4.5, zorder=3)
    value = values[ks.index(chosen)]
    axes.axvline(chosen, color=CHOSEN, linewidth=1, linestyle=(0, (4, 3)), zorder=2)
    axes.plot([chosen], [value], marker="o", markersize=9, markerfacecolor=CHOSEN, markeredgecolor="white", zorder=4)
    axes.annotate(
        f"{value:.3g}", (chosen, value), (8, 7), textcoords="offset points", fontsize=8.5, color=INK, zorder=5
    )
    axes.set_ylabel(name, fontsize=9, color=MUTED)
    axes.tick_params(labelsize=8.5, colors=MUTED, length=2.5)
    axes.grid(color="#e6e8eb", linewidth=0.7)
    axes.margins(y=0.16)
    for edge, spine in axes.spines.items():
        spine.set(visible=edge in ("left", "bottom"), color=MUTED, linewidth=0.6)
