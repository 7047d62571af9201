"""What people review: alerts, what happened to them, and what later scenes saw in their place."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.detection.result import Kind, Outcome
from monitor.store.tables.base import Base, choice


class AlertState(StrEnum):
    """Where an alert is in its review."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"


OPEN_STATES = (AlertState.NEW, AlertState.ACKNOWLEDGED, AlertState.CONFIRMED)
"""States of an alert that later scenes still add to."""


class Alert(Base):
    """A finding, or findings of several scenes in one place; `geometry` is GeoJSON in WGS 84.

    `severity` follows from kind, area and score; it is a column so that long lists can be sorted by it.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index(None, "monitor_id", "kind", "state", "last_seen"),
        Index(None, "monitor_id", "last_seen"),
        Index(None, "state", "last_seen"),
        Index(None, "last_seen"),
        Index(None, "severity", "last_seen"),
        Index(None, "state", "severity", "last_seen"),
        Index(None, "state", "monitor_id", "first_seen", "severity"),
        Index(None, "score", "last_seen"),
        Index(None, "area_m2", "last_seen"),
        Index(None, "west", "east", "south", "north"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    monitor_id: Mapped[int] = mapped_column(ForeignKey("monitors.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    state: Mapped[AlertState] = mapped_column(choice(AlertState))
    score: Mapped[float]
    area_m2: Mapped[float]
    severity: Mapped[int] = mapped_column(server_default="1")
    geometry: Mapped[dict[str, Any]]
    west: Mapped[float]
    south: Mapped[float]
    east: Mapped[float]
    north: Mapped[float]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    description: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AlertEvent(Base):
    """One thing that happened to an alert."""

    __tablename__ = "alert_events"
    __table_args__ = (Index(None, "alert_id", "time"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    time: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(255))
    event: Mapped[str] = mapped_column(String(64))
    from_state: Mapped[AlertState | None] = mapped_column(choice(AlertState))
    to_state: Mapped[AlertState | None] = mapped_column(choice(AlertState))
    note: Mapped[str | None] = mapped_column(Text)


class AlertLook(Base):
    """What one scene saw in the place of one alert."""

    __tablename__ = "alert_looks"
    __table_args__ = (Index(None, "scene_id"),)

    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    scene_id: Mapped[int] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"), primary_key=True)
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome))
