"""The list of scenes without a browser: filters as a query string, rows, and the timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from monitor.store.history import metrics_of_many
from monitor.store.scene_list import SceneFilter, count_scenes, filter_scenes
from monitor.store.scenes import SceneRow
from monitor.store.tables import SceneState
from monitor.web.pages import charts, words
from monitor.web.pages.inbox_model import choice, day_of
from monitor.web.pages.tokens import css

ROWS_A_PAGE = 100

SHARES = (
    ("cloud_fraction", "cloud", "cloud"),
    ("shadow_fraction", "cloud shadow", "shadow"),
    ("anomaly_fraction", "anomaly", "anomaly"),
)
"""Metric, name in the legend, token of the colour."""

Metrics = Mapping[str, float | None]


@dataclass(frozen=True)
class ScenesView:
    """What the list shows: a filter and a page of it, from 1."""

    monitor: str | None = None
    state: SceneState | None = None
    since: str = ""
    page: int = 1

    @property
    def wanted(self) -> SceneFilter:
        """The filter for the database."""
        return SceneFilter(self.monitor, (self.state,) if self.state else (), day_of(self.since))


@dataclass(frozen=True)
class ScenesPage:
    """Scenes with their metrics, the newest first, and how many there are in all."""

    rows: tuple[tuple[SceneRow, Metrics], ...]
    total: int


def from_query(query: Mapping[str, str]) -> ScenesView:
    """The view that a query string asks for; what it does not know is left out."""
    since = query.get("since", "")
    number = query.get("page", "1")
    page = max(int(number), 1) if number.isdecimal() and len(number) < 7 else 1
    state = choice(SceneState, query.get("state", ""))
    return ScenesView(query.get("monitor") or None, state, since if day_of(since) else "", page)


def to_query(view: ScenesView) -> str:
    """The query string of a view, without what is as always."""
    said = {"monitor": view.monitor, "state": view.state and str(view.state), "since": view.since}
    page = {"page": str(view.page)} if view.page > 1 else {}
    return urlencode({key: value for key, value in said.items() if value} | page)


def gather(session: Session, view: ScenesView) -> ScenesPage:
    """The page, in three queries."""
    rows = filter_scenes(session, view.wanted, limit=ROWS_A_PAGE, offset=(view.page - 1) * ROWS_A_PAGE)
    metrics = metrics_of_many(session, [row.pk for row in rows])
    return ScenesPage(tuple((row, metrics[row.pk]) for row in rows), count_scenes(session, view.wanted))


def misalignment(metrics: Metrics) -> float | None:
    """Mean excess of borders that appeared and that vanished."""
    found = [metrics.get(f"misalignment_{name}") for name in ("appeared", "vanished")]
    known = [value for value in found if value is not None]
    return sum(known) if known else None


def reason(row: SceneRow) -> str:
    """Why the scene is in its state, as far as there is anything to say."""
    if row.state is SceneState.FAILED and row.next_attempt_at is not None:
        return f"{row.error or 'failed'} (again from {words.minute(row.next_attempt_at)})"
    return row.error or ""


def timeline(rows: Sequence[tuple[SceneRow, Metrics]]) -> dict[str, Any]:
    """Shares of cloud, shadow and anomaly as bars by date, misalignment as a line above them."""
    done = sorted((pair for pair in rows if pair[0].state is SceneState.DONE), key=lambda pair: pair[0].datetime)

    def points(values: Sequence[float | None], factor: float) -> list[list[Any]]:
        return [
            [f"{row.datetime:%Y-%m-%dT%H:%M:%SZ}", None if value is None else round(factor * value, 4)]
            for (row, _), value in zip(done, values, strict=True)
        ]

    bars = [
        {
            "name": name, "type": "bar", "stack": "shares", "barMaxWidth": 18, "barMinWidth": 3,
            "itemStyle": {"color": css(token)}, "emphasis": {"disabled": True},
            "data": points([metrics.get(metric) for _, metrics in done], 100),
        }
        for metric, name, token in SHARES
    ]  # fmt: skip
    line = {
        "name": "border misalignment", "type": "line", "yAxisIndex": 1, "symbol": "diamond", "symbolSize": 8,
        "lineStyle": {"color": css("ink"), "width": 1.5, "type": "dotted"}, "itemStyle": {"color": css("ink")},
        "emphasis": {"disabled": True}, "data": points([misalignment(metrics) for _, metrics in done], 1),
    }  # fmt: skip
    side = {**charts.axis("misalignment"), "type": "value", "splitLine": {"show": False}, "nameGap": 34}
    dates = charts.axis("")
    dates["axisLabel"] = {**dates["axisLabel"], "hideOverlap": True}
    return {
        **charts.BASE,
        "grid": {"left": 52, "right": 56, "top": 12, "bottom": 62},
        "legend": charts.LEGEND,
        "tooltip": charts.TOOLTIP,
        "xAxis": {**dates, "type": "time", "splitLine": {"show": False}},
        "yAxis": [{**charts.axis("percent of the area"), "type": "value", "max": 100, "nameGap": 36}, side],
        "series": [*bars, line],
    }
