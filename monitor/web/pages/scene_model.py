"""One scene without a browser: what its page says, and its charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from sqlalchemy.orm import Session

from monitor.clustering.stats_result import LabelStats
from monitor.config import Settings
from monitor.detection.words import hectares
from monitor.errors import MonitorError
from monitor.scenes.grid import Grid
from monitor.store.alerts import AlertFilter, AlertRow, list_alerts
from monitor.store.history import SweepRow, label_stats_of, metrics_of, sweeps_of
from monitor.store.monitors import get_grid
from monitor.store.references import get_reference
from monitor.store.scenes import SceneRow, get_scene
from monitor.training import model_file
from monitor.web.pages import charts, words
from monitor.web.pages.ground_names import colours_of, names_of, reference_day
from monitor.web.pages.reference import open_reference
from monitor.web.pages.tokens import css

MOST_ALERTS = 200

FIGURES = (
    ("cloud_fraction", "Cloud"),
    ("shadow_fraction", "Cloud shadow"),
    ("anomaly_fraction", "Anomaly"),
    ("no_answer_fraction", "No answer"),
    ("valid_fraction", "Area with data"),
    ("label_disagreement", "Other label than before"),
    ("qa_cloud_agreement", "Agrees with QA on cloud"),
    ("normalisation_support", "Pixels that agree after normalisation"),
)


@dataclass(frozen=True)
class SceneReport:
    """A scene with what its page shows; `trouble` is why its reference cannot be read."""

    scene: SceneRow
    grid: Grid | None
    reference_day: str
    metrics: dict[str, float | None]
    sweep: tuple[SweepRow, ...]
    stats: tuple[LabelStats, ...]
    names: tuple[str, ...]
    colours: tuple[str, ...]
    bands: tuple[str, ...]
    alerts: tuple[AlertRow, ...]
    trouble: str = ""

    @property
    def figures(self) -> list[tuple[str, str]]:
        """The metrics that say most."""
        found = [(name, words.percent(self.metrics[key])) for key, name in FIGURES if self.metrics.get(key) is not None]
        rows, columns = self.metrics.get("shift_rows_px"), self.metrics.get("shift_columns_px")
        if rows is not None and columns is not None:
            found.append(("Shift against the reference", f"{(rows**2 + columns**2) ** 0.5:.2f} px"))
        return found

    @property
    def chosen_reason(self) -> str:
        """Why that k was chosen."""
        return next((row.reason for row in self.sweep if row.chosen and row.reason), "")


def gather(session: Session, settings: Settings, scene_pk: int) -> SceneReport:
    """The report; NotFoundError if there is no such scene."""
    scene = get_scene(session, scene_pk)
    reference, trouble = None, ""
    if scene.reference_version is not None:
        try:
            row = get_reference(session, scene.monitor_id, scene.reference_version)
            reference = open_reference(model_file(settings, row))
        except MonitorError as error:
            trouble = str(error)
    configured = next((tuple(m.bands) for m in settings.monitors if m.name == scene.monitor), ())
    return SceneReport(
        scene,
        get_grid(session, scene.monitor_id),
        reference_day(session, scene),
        metrics_of(session, scene_pk),
        tuple(sweeps_of(session, scene_pk)),
        tuple(label_stats_of(session, scene_pk, "reference")),
        names_of(reference) if reference else (),
        colours_of(reference) if reference else (),
        reference.bands if reference else configured,
        tuple(list_alerts(session, AlertFilter(scene.monitor, scene_id=scene.scene_id), limit=MOST_ALERTS)),
        trouble,
    )


def name_of(label: int, names: Sequence[str]) -> str:
    """A label for people."""
    return f"{label} · {names[label]}" if label < len(names) else str(label)


def sweep_chart(rows: Sequence[SweepRow]) -> dict[str, Any]:
    """Inertia and silhouette over k, the chosen k marked."""
    chosen = next((row.k for row in rows if row.chosen), None)

    def line(name: str, values: list[float | None], axis: int, token: str, symbol: str) -> dict[str, Any]:
        series: dict[str, Any] = {
            "name": name, "type": "line", "yAxisIndex": axis, "symbol": symbol, "symbolSize": 8,
            "lineStyle": {"color": css(token), "width": 2, "type": "solid" if axis else "dashed"},
            "itemStyle": {"color": css(token)}, "emphasis": {"disabled": True},
            "data": [[row.k, value] for row, value in zip(rows, values, strict=True)],
        }  # fmt: skip
        if axis and chosen is not None:
            mark = {"color": css("anomaly"), "width": 1.5, "type": "solid"}
            label = {"formatter": f"k = {chosen}", "color": css("anomaly-ink"), "fontFamily": charts.FONT}
            series["markLine"] = {
                "symbol": "none", "silent": True, "lineStyle": mark, "label": label, "data": [{"xAxis": chosen}],
            }  # fmt: skip
        return series

    ks = [row.k for row in rows]
    power = exponent([row.inertia for row in rows])
    left = {**charts.axis(f"inertia, 10^{power}" if power else "inertia"), "type": "value", "nameGap": 32}
    right = {**charts.axis("silhouette"), "type": "value", "nameGap": 36, "splitLine": {"show": False}, "scale": True}
    return {
        **charts.BASE,
        "grid": {"left": 50, "right": 56, "top": 26, "bottom": 66},
        "legend": charts.LEGEND,
        "tooltip": charts.TOOLTIP,
        "xAxis": {**charts.axis("k"), "type": "value", "min": min(ks), "max": max(ks), "interval": 1,
                  "splitLine": {"show": False}},
        "yAxis": [left, right],
        "series": [
            line("inertia", [scaled(row.inertia, power) for row in rows], 0, "edge", "rect"),
            line("silhouette", [row.silhouette for row in rows], 1, "accent", "circle"),
        ],
    }  # fmt: skip


def sweep_rows(rows: Sequence[SweepRow]) -> list[tuple[str, str, str]]:
    """The sweep in figures: k (the chosen one says so), inertia and silhouette."""
    return [
        (
            f"{row.k}, chosen" if row.chosen else str(row.k),
            "–" if row.inertia is None else f"{row.inertia:,.0f}",
            "–" if row.silhouette is None else f"{row.silhouette:.3f}",
        )
        for row in rows
    ]


def exponent(values: Sequence[float | None]) -> int:
    """The power of ten by which an axis stays readable: a multiple of three, 0 for small numbers."""
    largest = max((value for value in values if value is not None), default=0.0)
    return 3 * int(log10(largest) // 3) if largest >= 1e4 else 0


def scaled(value: float | None, power: int) -> float | None:
    """A value in units of that power of ten."""
    return None if value is None else round(value / 10**power, 4)


def stats_rows(report: SceneReport) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    """Columns, and rows by label: size, share, and mean ± standard deviation of every band."""
    total = sum(stat.pixels for stat in report.stats) or 1
    bands = report.stats[0].bands if report.stats else ()
    columns = ("Label", "Area ", "Share ", *(f"{band} " for band in bands))
    rows = []
    for stat in report.stats:
        spectrum = (f"{mean:.3f} ± {std:.3f}" for mean, std in zip(stat.mean, stat.std, strict=True))
        rows.append((stat.label, (hectares(stat.area_m2), words.percent(stat.pixels / total), *spectrum)))
    return columns, rows


def spread_rows(report: SceneReport) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    """Columns, and rows by label and band: quantiles and number of unique values; no rows where none were counted."""
    columns = ("Label", "Band", "Least ", "5 % ", "25 % ", "Median ", "75 % ", "95 % ", "Most ", "Unique values ")
    rows = []
    for stat in report.stats:
        for band, quantiles, unique in zip(stat.bands, stat.quantiles, stat.unique, strict=False):
            rows.append((stat.label, (band, *(f"{value:.3f}" for value in quantiles), f"{unique:,}")))
    return columns, rows
