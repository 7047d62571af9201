"""A monitor over time: what covered its scenes, how far they were from the reference, and the alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from monitor.detection.result import Flag
from monitor.plots.colours import FLAG_COLOURS, INK, MUTED
from monitor.plots.maps import new_figure

WIDTH_IN = 9.5
STATE_COLOURS = {
    "new": "#d55e00",
    "acknowledged": "#e69f00",
    "confirmed": "#0072b2",
    "resolved": "#9aa3ad",
    "dismissed": "#c9ced4",
}
"""Of alerts; four of Okabe and Ito's colours and greys for what is closed."""
CROWD = 150
"""Scenes or alerts above which marks become smaller."""
DRAWN_LAST = ("dismissed", "resolved", "acknowledged", "new", "confirmed")


@dataclass(frozen=True)
class TimelineScene:
    """One scene: shares (0-1) of cloud, shadow and anomaly, and its border misalignment; None for what is not known."""

    datetime: datetime
    cloud: float | None
    shadow: float | None
    anomaly: float | None
    misalignment: float | None


@dataclass(frozen=True)
class TimelineAlert:
    """One alert with its number, its state, its area and when it was first and last seen."""

    number: int
    state: str
    area_m2: float
    first_seen: datetime
    last_seen: datetime


def timeline(
    scenes: Sequence[TimelineScene], alerts: Sequence[TimelineAlert], title: str, subtitle: str = ""
) -> Figure:
    """Cover, misalignment, anomalies and alerts over time, one above the other."""
    figure = new_figure(WIDTH_IN, 7.6 if alerts else 5.0)
    rows = (1.5, 1.0, 1.0, 2.3) if alerts else (1.5, 1.0, 1.0)
    panels = figure.subplots(len(rows), 1, sharex=True, height_ratios=rows)
    draw_cover(panels[0], scenes)
    draw_value(panels[1], scenes, [scene.misalignment for scene in scenes], "border\nmisalignment", INK)
    shares = [None if scene.anomaly is None else 100 * scene.anomaly for scene in scenes]
    draw_value(panels[2], scenes, shares, "anomaly\n% of area", FLAG_COLOURS[Flag.ANOMALY])
    if alerts:
        draw_alerts(panels[3], alerts)
    finish(panels, scenes)
    panels[0].set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK, pad=18 if subtitle else 8)
    if subtitle:
        panels[0].annotate(
            subtitle, (0, 1), (0, 6), "axes fraction", textcoords="offset points", fontsize=8.5, color=MUTED
        )
    return figure


def day_of(moment: datetime) -> float:
    """A time as matplotlib counts it."""
    return float(date2num(moment))  # type: ignore[no-untyped-call]


def draw_cover(axes: Axes, scenes: Sequence[TimelineScene]) -> None:
    """Shares of cloud and shadow as one bar a scene."""
    days = [day_of(scene.datetime) for scene in scenes]
    width = bar_width(scenes)
    cloud = np.array([100 * (scene.cloud or 0) for scene in scenes])
    shadow = np.array([100 * (scene.shadow or 0) for scene in scenes])
    axes.bar(days, cloud, width, color=FLAG_COLOURS[Flag.CLOUD], label="cloud", zorder=3)
    axes.bar(days, shadow, width, cloud, color=FLAG_COLOURS[Flag.SHADOW], label="cloud shadow", zorder=3)
    if len(days) <= CROWD:
        axes.plot(days, np.zeros(len(days)), "|", color=MUTED, markersize=5, clip_on=False, zorder=4)
    axes.set_ylim(0, 100)
    axes.set_ylabel("covered\n% of area", fontsize=8.5, color=MUTED)
    axes.legend(loc="upper right", ncols=2, frameon=False, fontsize=8, labelcolor=INK, bbox_to_anchor=(1, 1.26))


def bar_width(scenes: Sequence[TimelineScene]) -> float:
    """Days: a part of the shortest pause between scenes, so that no bars touch."""
    days = np.unique([day_of(scene.datetime) for scene in scenes])
    pauses = np.diff(days)
    span = max(float(days[-1] - days[0]), 1.0) if days.size else 1.0
    typical = float(np.quantile(pauses, 0.1)) if pauses.size else span
    return float(np.clip(0.6 * typical, span / 700, span / 30))


def draw_value(
    axes: Axes, scenes: Sequence[TimelineScene], values: Sequence[float | None], name: str, colour: str
) -> None:
    """One figure a scene as stems; scenes that are mostly covered are hollow, for they say little."""
    known = [(scene, value) for scene, value in zip(scenes, values, strict=True) if value is not None]
    days = np.array([day_of(scene.datetime) for scene, _ in known])
    heights = np.array([value for _, value in known])
    covered = np.array([(scene.cloud or 0) + (scene.shadow or 0) > 0.5 for scene, _ in known], bool)
    axes.vlines(days, 0, heights, color=colour, linewidth=1.2, alpha=0.45, zorder=2)
    if heights.size:
        size = 22 * crowding(len(known))
        axes.scatter(days[~covered], heights[~covered], size, color=colour, zorder=4, linewidth=0)
        axes.scatter(days[covered], heights[covered], size, facecolor="white", edgecolor=colour, linewidth=1, zorder=3)
    axes.set_ylim(0, max(float(heights.max()) * 1.18, 1e-6) if heights.size else 1)
    axes.set_ylabel(name, fontsize=8.5, color=MUTED)


def crowding(count: int) -> float:
    """Area of marks of so many, in parts of the usual one."""
    return float(np.clip(CROWD / max(count, 1), 0.12, 1))


def draw_alerts(axes: Axes, alerts: Sequence[TimelineAlert]) -> None:
    """Alerts as lines from the first to the last sight of them, at the height of their area."""
    small = crowding(len(alerts))
    for state in DRAWN_LAST:
        here = [alert for alert in alerts if alert.state == state]
        colour = STATE_COLOURS[state]
        first = [day_of(alert.first_seen) for alert in here]
        last = [day_of(alert.last_seen) for alert in here]
        size = [alert.area_m2 / 1e4 for alert in here]
        closed = state in ("resolved", "dismissed")
        axes.hlines(size, first, last, color=colour, linewidth=2.4 if not closed else 1.2, alpha=0.75, zorder=3)
        axes.scatter(
            first,
            size,
            small * (16 if closed else 34),
            color=colour,
            edgecolor="white",
            linewidth=0.6 * small,
            zorder=5,
        )
        axes.scatter(last, size, 12 * small, color=colour, marker="|", linewidth=1.4, zorder=4)
    name_largest(axes, alerts)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.margins(y=0.12)
    axes.set_ylabel("anomaly alerts\nha", fontsize=8.5, color=MUTED)
    counts = {state: sum(alert.state == state for alert in alerts) for state in STATE_COLOURS}
    handles = [
        Line2D([], [], color=STATE_COLOURS[state], marker="o", markersize=5, linewidth=2, label=f"{state} {count}")
        for state, count in counts.items()
        if count
    ]
    axes.legend(
        handles=handles, loc="lower right", ncols=5, frameon=False, fontsize=8, labelcolor=INK, bbox_to_anchor=(1, 0.99)
    )


def name_largest(axes: Axes, alerts: Sequence[TimelineAlert]) -> None:
    """Numbers of the largest open alerts, so that one can ask for them; of those that would overlap the larger one."""
    named: list[TimelineAlert] = []
    span = max(alert.last_seen for alert in alerts) - min(alert.first_seen for alert in alerts)
    for alert in sorted(alerts, key=lambda found: -found.area_m2):
        apart = all(
            abs(np.log(alert.area_m2 / other.area_m2)) > 0.6 or abs(alert.first_seen - other.first_seen) > span / 12
            for other in named
        )
        if alert.state in ("new", "acknowledged", "confirmed") and apart and len(named) < 8:
            named.append(alert)
            axes.annotate(
                str(alert.number), (day_of(alert.first_seen), alert.area_m2 / 1e4), (-6, 0),
                textcoords="offset points", ha="right", va="center", fontsize=7.5, color=INK,
            )  # fmt: skip


def finish(panels: Sequence[Axes], scenes: Sequence[TimelineScene]) -> None:
    """Grid, spines and the common time axis."""
    for axes in panels:
        axes.grid(color="#e6e8eb", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=8.5, colors=MUTED, length=2.5, which="both")
        axes.minorticks_off()
        for edge, spine in axes.spines.items():
            spine.set(visible=edge in ("left", "bottom"), color=MUTED, linewidth=0.6)
    locator = AutoDateLocator(minticks=4, maxticks=12)  # type: ignore[no-untyped-call]
    panels[-1].xaxis.set_major_locator(locator)
    panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    panels[-1].xaxis.get_offset_text().set(fontsize=8.5, color=MUTED)
    if scenes:
        days = [day_of(scene.datetime) for scene in scenes]
        margin = max(0.03 * (max(days) - min(days)), bar_width(scenes), 1.0)
        panels[-1].set_xlim(min(days) - margin, max(days) + margin)
