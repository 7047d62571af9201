"""What /api/v1/status answers with."""

from datetime import datetime
from typing import Self

from monitor.store.status import Status as StoredStatus
from monitor.web.api.models import AlertCount, Answer


class Leader(Answer):
    """The daemon that works, and until when without renewing it."""

    owner: str
    until: datetime


class Queue(Answer):
    """One monitor's scenes."""

    name: str
    scenes: dict[str, int]
    waiting_since: datetime | None
    newest_scene: datetime | None
    last_done: datetime | None


class Job(Answer):
    """The last run of one of the daemon's jobs."""

    name: str
    started_at: datetime
    succeeded_at: datetime | None
    seconds: float | None
    error: str | None


class Status(Answer):
    """The service at one moment; `disk` says why no scene is taken, if it is for that."""

    moment: datetime
    leader: Leader | None
    monitors: list[Queue]
    alerts: list[AlertCount]
    messages: dict[str, int]
    jobs: list[Job]
    disk: str | None
    catalogs: list[str]

    @classmethod
    def of(cls, found: StoredStatus, disk: str | None, catalogs: list[str]) -> Self:
        """From the store."""
        return cls(
            moment=found.moment,
            leader=None if found.leader is None else Leader.model_validate(found.leader),
            monitors=[Queue.model_validate(monitor) for monitor in found.monitors],
            alerts=[
                AlertCount.model_validate({"kind": kind, "state": state, "count": count})
                for (kind, state), count in found.alerts.items()
            ],
            messages=found.messages,
            jobs=[Job.model_validate(job) for job in found.jobs],
            disk=disk,
            catalogs=catalogs,
        )
