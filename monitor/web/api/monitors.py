"""/api/v1/monitors, /review, /status and /me: what is watched and how it stands."""

from typing import Annotated

from fastapi import APIRouter, Query

from monitor.catalog.aoi import load_area
from monitor.config import MonitorSettings
from monitor.daemon import disk_problem
from monitor.errors import MonitorError, NotFoundError
from monitor.store.geometry import box_of
from monitor.store.monitors import monitor_names
from monitor.store.references import list_references
from monitor.store.review import count_review_items, review_items
from monitor.store.severity import Severity
from monitor.store.status import gather
from monitor.store.tables import AlertState
from monitor.web.access.users import CurrentUser
from monitor.web.api import models
from monitor.web.api.alerts import SEVERITIES
from monitor.web.api.status import Status
from monitor.web.etag import EtagRoute
from monitor.web.params import MonitorName
from monitor.web.services import Served

router = APIRouter(tags=["monitors"], route_class=EtagRoute)

MOST_ITEMS = 100


@router.get("/me")
def me(user: CurrentUser) -> models.Me:
    """Who asks, and as what."""
    return models.Me(name=user.name, role=user.role.label)


@router.get("/monitors")
def list_monitors(services: Served) -> list[models.Monitor]:
    """Every monitor of the configuration or the database."""
    with services.reading() as session:
        known = {monitor.name: monitor for monitor in gather(session).monitors}
        active = {row.monitor: row.version for row in list_references(session) if row.active}
        stored = set(monitor_names(session))
    configured = {monitor.name: monitor for monitor in services.settings.monitors}
    found = []
    for name in sorted(stored | configured.keys()):
        status = known.get(name)
        found.append(
            models.Monitor(
                name=name,
                configured=name in configured,
                bbox=box_of_monitor(configured[name]) if name in configured else None,
                scenes=status.scenes if status else {},
                waiting_since=status.waiting_since if status else None,
                newest_scene=status.newest_scene if status else None,
                last_done=status.last_done if status else None,
                reference_version=active.get(name),
            )
        )
    return found


@router.get("/monitors/{name}")
def show(services: Served, name: MonitorName) -> models.Monitor:
    """One monitor."""
    for monitor in list_monitors(services):
        if monitor.name == name:
            return monitor
    raise NotFoundError(f"no monitor {name!r}; /api/v1/monitors lists them")


@router.get("/review")
def review(
    services: Served,
    monitor: MonitorName | None = None,
    state: Annotated[list[AlertState] | None, Query(description="Default: new.")] = None,
    min_severity: Annotated[str, Query(pattern="^(low|medium|high)$")] = "low",
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS)] = 20,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> models.Listing[models.ReviewItem]:
    """Alerts by the scene that showed them first; the gravest, then the newest first."""
    states, least = tuple(state or (AlertState.NEW,)), SEVERITIES.get(min_severity, Severity.LOW)
    with services.reading() as session:
        items = review_items(session, monitor, states, min_severity=least, limit=limit, offset=offset)
        total = count_review_items(session, monitor, states, min_severity=least)
    return models.Listing(items=[models.ReviewItem.of(item) for item in items], total=total)


@router.get("/status")
def status(services: Served) -> Status:
    """Who leads, what waits, how the jobs went, and whether there is room on the disk."""
    with services.reading() as session:
        found = gather(session)
    return Status.of(found, disk_problem(services.settings, services.store), sorted(services.settings.catalogs))


def box_of_monitor(monitor: MonitorSettings) -> models.Box | None:
    """The box of a monitor's area; None when its file cannot be read now."""
    try:
        return box_of(load_area(monitor.aoi))
    except MonitorError:
        return None
