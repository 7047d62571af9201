"""The history of an alert's place: what was found there, what later scenes saw, what people did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shapely.geometry import shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.detection.result import Outcome
from monitor.detection.words import Evidence, in_words
from monitor.store.alerts import AlertFilter, AlertRow, get_alert, list_alerts
from monitor.store.tables import Finding, Scene
from monitor.store.tracking import EventRow, Look, events_of, looks_of

NEARBY = 50
"""Other alerts at the place that are listed at most; clouds come again and again."""


@dataclass(frozen=True)
class Sighting:
    """One finding of an alert, with the scene it is of."""

    finding_id: int
    scene_pk: int
    scene_id: str
    datetime: datetime
    area_m2: float
    score: float
    evidence: Evidence
    description: str


@dataclass(frozen=True)
class AlertHistory:
    """An alert in words, with its sightings, looks and events by time, and other alerts of its kind at its place."""

    alert: AlertRow
    words: str
    became: str
    sightings: tuple[Sighting, ...]
    looks: tuple[Look, ...]
    events: tuple[EventRow, ...]
    others: tuple[AlertRow, ...]


def alert_history(session: Session, alert_id: int) -> AlertHistory:
    """Everything about the place of one alert; NotFoundError if there is none."""
    alert = get_alert(session, alert_id)
    sightings, looks = sightings_of(session, alert_id), looks_of(session, [alert_id])[alert_id]
    return AlertHistory(
        alert=alert,
        words=alert_in_words(alert, sightings),
        became=what_became(alert, looks),
        sightings=sightings,
        looks=looks,
        events=tuple(events_of(session, alert_id)),
        others=others_at(session, alert),
    )


def sightings_of(session: Session, alert_id: int) -> tuple[Sighting, ...]:
    """The findings that are part of an alert, by acquisition time."""
    of_finding = (Finding.area_m2, Finding.score, Finding.evidence, Finding.description)
    query = select(Finding.id, Scene.id, Scene.scene_id, Scene.datetime, *of_finding)
    query = query.join(Scene, Scene.id == Finding.scene_id).where(Finding.alert_id == alert_id)
    rows = session.execute(query.order_by(Scene.datetime, Finding.id))
    return tuple(Sighting(*row) for row in rows)


def alert_in_words(alert: AlertRow, sightings: Sequence[Sighting]) -> str:
    """An alert in one sentence, by the evidence of its latest sighting."""
    if not sightings:
        return alert.description
    latest = [found for found in sightings if found.scene_pk == sightings[-1].scene_pk]
    largest = max(latest, key=lambda found: found.area_m2)
    return in_words(alert.kind, alert.area_m2, largest.evidence, alert.description)


def what_became(alert: AlertRow, looks: Sequence[Look]) -> str:
    """What later scenes saw, and what the alert is now, in a sentence."""
    later = Counter(look.outcome for look in looks if look.datetime > alert.first_seen)
    clear = later[Outcome.SEEN] + later[Outcome.GONE]
    hidden = f", {later[Outcome.HIDDEN]} hidden" if later[Outcome.HIDDEN] else ""
    if not later:
        said = "no later look at its place"
    elif not clear:
        said = f"no clear look at its place since{hidden}"
    else:
        said = f"seen in {later[Outcome.SEEN]} of {clear} later clear looks{hidden}"
    return f"{said}; {alert.state}"


def others_at(session: Session, alert: AlertRow) -> tuple[AlertRow, ...]:
    """Other alerts of the same kind whose outline touches this one's, the last seen first."""
    place = shape(alert.geometry)
    near = list_alerts(session, AlertFilter(alert.monitor, (alert.kind,), bbox=alert.bbox), limit=4 * NEARBY)
    touching = (other for other in near if other.id != alert.id and shape(other.geometry).intersects(place))
    return tuple(touching)[:NEARBY]
