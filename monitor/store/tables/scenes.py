"""Monitors, their scenes (the queue of work) and their reference models."""

from datetime import datetime as moment
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base, choice


class SceneState(StrEnum):
    """Where a scene is on its way."""

    DISCOVERED = "discovered"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"


class Monitor(Base):
    """One area under watch. `fingerprint` tells whether the search still asks what it asked last time."""

    __tablename__ = "monitors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    grid: Mapped[dict[str, Any] | None]
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[moment]


class Scene(Base):
    """One acquisition in one processing (product); `item` is `SceneItem.to_json()`, with unsigned hrefs.

    Rows are work to do: `next_attempt_at` is when a failed one is worth another try (never when NULL),
    `lease_owner` holds one that is processing until `lease_until`.
    """

    __tablename__ = "scenes"
    __table_args__ = (
        UniqueConstraint("monitor_id", "scene_id", "product_id"),
        Index(None, "monitor_id", "state", "next_attempt_at"),
        Index(None, "monitor_id", "datetime"),
        Index(None, "datetime"),
        Index(None, "scene_id"),
        Index(None, "west", "east", "south", "north"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    monitor_id: Mapped[int] = mapped_column(ForeignKey("monitors.id", ondelete="CASCADE"))
    scene_id: Mapped[str] = mapped_column(String(255))
    product_id: Mapped[str] = mapped_column(String(255))
    datetime: Mapped[moment]
    platform: Mapped[str] = mapped_column(String(64))
    collection: Mapped[str] = mapped_column(String(255))
    catalog: Mapped[str] = mapped_column(String(255))
    sun_azimuth: Mapped[float | None]
    sun_elevation: Mapped[float | None]
    cloud_cover: Mapped[float | None]
    west: Mapped[float]
    south: Mapped[float]
    east: Mapped[float]
    north: Mapped[float]
    footprint: Mapped[dict[str, Any]]
    item: Mapped[dict[str, Any]]
    state: Mapped[SceneState] = mapped_column(choice(SceneState))
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int]
    next_attempt_at: Mapped[moment | None]
    lease_owner: Mapped[str | None] = mapped_column(String(255))
    lease_until: Mapped[moment | None]
    discovered_at: Mapped[moment]
    processed_at: Mapped[moment | None]
    reference_version: Mapped[int | None]


class RejectedItem(Base):
    """An item that is no scene because it is malformed."""

    __tablename__ = "rejected_items"

    monitor_id: Mapped[int] = mapped_column(ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    catalog: Mapped[str] = mapped_column(String(255))
    error: Mapped[str] = mapped_column(Text)
    rejected_at: Mapped[moment]


class ReferenceModel(Base):
    """One fitted reference model; `sha256` is that of its card.json, `path` is relative to models_dir."""

    __tablename__ = "reference_models"
    __table_args__ = (
        UniqueConstraint("monitor_id", "version"),
        Index(
            "uq_reference_models_one_active",
            "monitor_id",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    monitor_id: Mapped[int] = mapped_column(ForeignKey("monitors.id", ondelete="CASCADE"))
    version: Mapped[int]
    scene_id: Mapped[str] = mapped_column(String(255))
    k: Mapped[int]
    seed: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(Text)
    metrics: Mapped[dict[str, Any]]
    active: Mapped[bool]
    created_at: Mapped[moment]
