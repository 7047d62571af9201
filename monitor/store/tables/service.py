"""What the daemon keeps: who leads, how its jobs went, and messages to send."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base, choice


class NoticeState(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"
    SENT = "sent"
    MUTED = "muted"
    FAILED = "failed"


class Lease(Base):
    """A role that one process has at a time, until it lets it go or its time runs out."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    until: Mapped[datetime]


class JobRun(Base):
    """The last run of one of the daemon's jobs; `error` is why it failed."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]
    seconds: Mapped[float | None]
    error: Mapped[str | None] = mapped_column(Text)


class Notice(Base):
    """One message about one scene to one channel, written with the scene's result; `key` is there once.

    Who is sending it (`held_by`) has it until `next_attempt_at`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "state", "next_attempt_at"),
        Index(None, "scene_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(512), unique=True)
    channel: Mapped[str] = mapped_column(String(64))
    scene_id: Mapped[int] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"))
    alert_ids: Mapped[list[Any]]
    state: Mapped[NoticeState] = mapped_column(choice(NoticeState))
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
    held_by: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
