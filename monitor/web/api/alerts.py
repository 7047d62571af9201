"""/api/v1/alerts: what was found, and what people say to it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.store import actions
from monitor.store.actions import Action, act_on_many
from monitor.store.alerts import (
    AlertFilter,
    AlertOrder,
    count_alerts,
    count_by_kind_and_state,
    get_alert,
    page_of_alerts,
)
from monitor.store.findings import findings_of_alert
from monitor.store.lifecycle import COMMENT, Reason
from monitor.store.lifecycle import comment as write_comment
from monitor.store.severity import Severity
from monitor.store.tables import AlertState
from monitor.store.tracking import events_of, looks_of
from monitor.web.access.users import CurrentUser
from monitor.web.api import models
from monitor.web.etag import EtagRoute
from monitor.web.params import LARGEST_ID, AlertId, BoxOrNone, CursorText, Limit, Moment, MonitorName, SceneName, Words
from monitor.web.services import Served

router = APIRouter(prefix="/alerts", tags=["alerts"], route_class=EtagRoute)

MOST_AT_ONCE = 1000
SEVERITIES = {severity.name.lower(): severity for severity in Severity}


def filter_of(
    bbox: BoxOrNone,
    monitor: MonitorName | None = None,
    kind: Annotated[list[Kind] | None, Query(description="Any of these; repeat it for several.")] = None,
    state: Annotated[list[AlertState] | None, Query(description="Any of these.")] = None,
    since: Annotated[Moment | None, Query(description="Seen at or after; UTC without a zone.")] = None,
    until: Annotated[Moment | None, Query(description="First seen before.")] = None,
    min_score: Annotated[float | None, Query(ge=0, le=1)] = None,
    min_severity: Annotated[str | None, Query(pattern="^(low|medium|high)$")] = None,
    scene: Annotated[SceneName | None, Query(description="With a finding of that scene.")] = None,
) -> AlertFilter:
    """Which alerts: every condition that is given holds."""
    least = SEVERITIES.get(min_severity or "", Severity.LOW)
    return AlertFilter(monitor, tuple(kind or ()), tuple(state or ()), since, until, bbox, min_score, least, scene)


Wanted = Annotated[AlertFilter, Depends(filter_of)]


@router.get("")
def list_alerts(
    services: Served,
    wanted: Wanted,
    order: AlertOrder = AlertOrder.NEWEST,
    limit: Limit = 50,
    cursor: CursorText = None,
    geometry: Annotated[bool, Query(description="With outlines.")] = True,
    total: Annotated[bool, Query(description="Count them all.")] = False,
) -> models.Listing[models.Alert]:
    """Alerts page by page, by default the last seen first."""
    with services.reading() as session:
        page = page_of_alerts(session, wanted, order=order, limit=limit, cursor=cursor)
        count = count_alerts(session, wanted) if total else None
    items = [models.Alert.of(row, geometry=geometry) for row in page.rows]
    return models.Listing(items=items, next=page.next, total=count)


@router.get("/counts")
def count(services: Served, wanted: Wanted) -> list[models.AlertCount]:
    """How many alerts there are of every kind in every state."""
    with services.reading() as session:
        counted = count_by_kind_and_state(session, wanted)
    return [models.AlertCount(kind=kind, state=state, count=number) for (kind, state), number in counted.items()]


@router.get("/{alert_id}")
def show(services: Served, alert_id: AlertId) -> models.AlertDetail:
    """One alert with its events, what every later scene saw in its place, and its findings."""
    with services.reading() as session:
        return detail(session, alert_id)


@router.get("/{alert_id}/events")
def events(services: Served, alert_id: AlertId) -> list[models.Event]:
    """Everything that happened to the alert, in order."""
    with services.reading() as session:
        get_alert(session, alert_id)
        return [models.Event.model_validate(event) for event in events_of(session, alert_id)]


@router.get("/{alert_id}/looks")
def looks(services: Served, alert_id: AlertId) -> list[models.Look]:
    """What every later scene saw in the alert's place, by acquisition time."""
    with services.reading() as session:
        get_alert(session, alert_id)
        return [models.Look.model_validate(look) for look in looks_of(session, [alert_id])[alert_id]]


@router.get("/{alert_id}/comments")
def comments(services: Served, alert_id: AlertId) -> list[models.Event]:
    """What people wrote, in order."""
    return [event for event in events(services, alert_id) if event.event == COMMENT]


class Comment(BaseModel):
    """Words to an alert."""

    text: Words


class Acting(BaseModel):
    """What to do, why (to dismiss), and words to it."""

    reason: Reason | None = None
    note: Words | None = None


class ActingOnMany(Acting):
    """The same for many alerts."""

    ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(min_length=1, max_length=MOST_AT_ONCE)
    action: Action


@router.post("/bulk")
def act_on_several(services: Served, user: CurrentUser, asked: ActingOnMany) -> list[models.Acted]:
    """Do one thing to many alerts, `undo` included; where it cannot be done, the rest is done all the same."""
    with services.writing() as session:
        done = act_on_many(session, asked.ids, user.name, asked.action, reason=asked.reason, note=asked.note)
    return [models.Acted.model_validate(result) for result in done]


@router.post("/{alert_id}/comments", status_code=201)
def comment(services: Served, user: CurrentUser, alert_id: AlertId, said: Comment) -> list[models.Event]:
    """Write something to an alert; gives all its events."""
    with services.writing() as session:
        write_comment(session, alert_id, user.name, said.text)
        return [models.Event.model_validate(event) for event in events_of(session, alert_id)]


@router.post("/{alert_id}/{action}")
def act(
    services: Served, user: CurrentUser, alert_id: AlertId, action: Action, asked: Acting | None = None
) -> models.AlertDetail:
    """Acknowledge, confirm, dismiss (for a reason), reopen, or undo one's own last change."""
    asked = asked or Acting()
    with services.writing() as session:
        actions.act(session, alert_id, user.name, action, reason=asked.reason, note=asked.note)
        return detail(session, alert_id)


def detail(session: Session, alert_id: int) -> models.AlertDetail:
    """Everything about one alert; NotFoundError if there is none."""
    alert = models.Alert.of(get_alert(session, alert_id))
    return models.AlertDetail(
        **alert.model_dump(),
        events=[models.Event.model_validate(event) for event in events_of(session, alert_id)],
        looks=[models.Look.model_validate(look) for look in looks_of(session, [alert_id])[alert_id]],
        findings=[models.Finding.model_validate(finding) for finding in findings_of_alert(session, alert_id)],
    )
