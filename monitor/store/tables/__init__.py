"""The tables, as SQLAlchemy declares them."""

from monitor.detection.result import Outcome
from monitor.store.tables.alerts import OPEN_STATES, Alert, AlertEvent, AlertLook, AlertState
from monitor.store.tables.base import Base, UtcDateTime, plain
from monitor.store.tables.results import (
    Finding,
    LabelBandStat,
    LabelMap,
    LabelStat,
    LabelTile,
    SceneMetric,
    SweepEntry,
)
from monitor.store.tables.scenes import Monitor, ReferenceModel, RejectedItem, Scene, SceneState

__all__ = [
    "OPEN_STATES",
    "Alert",
    "AlertEvent",
    "AlertLook",
    "AlertState",
    "Base",
    "Finding",
    "LabelBandStat",
    "LabelMap",
    "LabelStat",
    "LabelTile",
    "Monitor",
    "Outcome",
    "ReferenceModel",
    "RejectedItem",
    "Scene",
    "SceneMetric",
    "SceneState",
    "SweepEntry",
    "UtcDateTime",
    "plain",
]
