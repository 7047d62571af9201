"""How the service stands, without a browser."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.store.rejects import RejectRow, list_rejects
from monitor.store.scene_list import SceneFilter, filter_scenes
from monitor.store.scenes import SceneRow
from monitor.store.status import MonitorStatus, Status, gather
from monitor.store.tables import SceneState

MOST_ROWS = 200
WAITING = ("discovered", "processing")


@dataclass(frozen=True)
class StatusReport:
    """The service, its catalogs, and what failed; `catalogs` are addresses by name and monitors that use them."""

    status: Status
    failed: tuple[SceneRow, ...]
    rejects: tuple[RejectRow, ...]
    catalogs: Mapping[str, tuple[str, tuple[str, ...]]]


def report(session: Session, settings: Settings) -> StatusReport:
    """Everything on the page."""
    bad = SceneFilter(states=(SceneState.QUARANTINED, SceneState.FAILED))
    return StatusReport(
        gather(session),
        tuple(filter_scenes(session, bad, limit=MOST_ROWS)),
        tuple(list_rejects(session)[:MOST_ROWS]),
        {
            name: (
                without_secrets(catalog.url or f"preset {catalog.preset}"),
                tuple(monitor.name for monitor in settings.monitors if name in monitor.catalogs),
            )
            for name, catalog in settings.catalogs.items()
        },
    )


def without_secrets(url: str) -> str:
    """An address without user, password and query, which may hold tokens."""
    address = url.split("?", 1)[0]
    scheme, marker, rest = address.partition("://")
    if not marker:
        return address
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def waiting(monitor: MonitorStatus) -> int:
    """Scenes that are due or in work."""
    return sum(monitor.scenes.get(state, 0) for state in WAITING)
