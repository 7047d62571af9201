"""The tables, as SQLAlchemy declares them."""

from monitor.detection.result import Outcome
from monitor.store.tables.access import AccessToken, WebSession
from monitor.store.tables.alerts import OPEN_STATES, Alert, AlertEvent, AlertLook, AlertState
from monitor.store.tables.base import Base, UtcDateTime, plain
from monitor.store.tables.results import (
    QUANTILE_COLUMNS,
    Finding,
    LabelBandStat,
    LabelMap,
    LabelStat,
    LabelTile,
    SceneMetric,
    SweepEntry,
)
from monitor.store.tables.scenes import Monitor, ReferenceModel, RejectedItem, Scene, SceneState
from monitor.store.tables.service import JobRun, Lease, Notice, NoticeState

__all__ = [
    "OPEN_STATES",
    "QUANTILE_COLUMNS",
    "AccessToken",
    "Alert",
    "AlertEvent",
    "AlertLook",
    "AlertState",
    "Base",
    "Finding",
    "JobRun",
    "LabelBandStat",
    "LabelMap",
    "LabelStat",
    "LabelTile",
    "Lease",
    "Monitor",
    "Notice",
    "NoticeState",
    "Outcome",
    "ReferenceModel",
    "RejectedItem",
    "Scene",
    "SceneMetric",
    "SceneState",
    "SweepEntry",
    "UtcDateTime",
    "WebSession",
    "plain",
]
