"""Findings of a scene become alerts: new ones, or the next sighting of one that is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from monitor.detection import tracking
from monitor.detection.result import Detection, Finding, Kind, Outcome
from monitor.detection.tracking import Track, Verdict
from monitor.scenes.grid import Grid
from monitor.store import alerts as alert_queries
from monitor.store import queue, results
from monitor.store import tracking as alert_store
from monitor.store.alerts import AlertFilter, AlertRow
from monitor.store.geometry import box_of
from monitor.store.scenes import SceneRow
from monitor.store.tables import OPEN_STATES, AlertState

STATES = {
    Verdict.NEW: AlertState.NEW,
    Verdict.CONFIRMED: AlertState.CONFIRMED,
    Verdict.TRANSIENT: AlertState.RESOLVED,
    Verdict.ENDED: AlertState.RESOLVED,
    Verdict.RECURRING: AlertState.RESOLVED,
}
NOTES = {
    Verdict.NEW: "seen again",
    Verdict.CONFIRMED: "seen in two of four clear looks",
    Verdict.TRANSIENT: "gone at the next clear look",
    Verdict.ENDED: "gone at two clear looks in a row",
    Verdict.RECURRING: "comes and goes: seen, gone and back again twice",
}
CLOSED_STATES = (AlertState.RESOLVED, AlertState.DISMISSED)


def withdraw(session: Session, scene: SceneRow) -> tuple[AlertRow, ...]:
    """Remove what this scene gave before, and older products of the same acquisition; gives the emptied alerts."""
    older = [row.pk for row in queue.superseded_by(session, scene.pk)]
    touched = [alert for scene_pk in (scene.pk, *older) for alert in results.clear_result(session, scene_pk)]
    queue.mark_superseded(session, older)
    alerts = [alert_queries.get_alert(session, alert_id) for alert_id in dict.fromkeys(touched)]
    return tuple(alert for alert in alerts if not alert.scene_ids)


def raise_alerts(
    session: Session,
    scene: SceneRow,
    grid: Grid,
    detection: Detection,
    finding_ids: Sequence[int],
    emptied: Sequence[AlertRow],
    now: datetime,
) -> None:
    """Alerts out of the stored findings of one scene, in the scene's transaction.

    Clouds of a scene are one alert, its shadows another. An anomaly continues the alert at its place, or is a
    new one; every alert that is open gets a look at its place. What `withdraw` emptied is filled again first.
    """
    numbered = list(zip(detection.findings, finding_ids, strict=True))
    for kind in (Kind.CLOUD, Kind.SHADOW):
        of_kind = [pair for pair in numbered if pair[0].kind is kind]
        former = next((alert for alert in emptied if alert.kind is kind), None)
        if of_kind and former:
            continue_alert(session, former, scene, of_kind, now)
        elif of_kind:
            raise_one(session, scene, of_kind, now)
    anomalies = [pair for pair in numbered if pair[0].kind is Kind.ANOMALY]
    follow_anomalies(session, scene, grid, detection.flags, anomalies, now)
    for alert in emptied:
        if not alert_queries.get_alert(session, alert.id).scene_ids:
            note = "the scene was processed again and does not show it any more"
            alert_store.change_state(session, alert.id, AlertState.RESOLVED, event="superseded", note=note, now=now)


def raise_one(session: Session, scene: SceneRow, numbered: Sequence[tuple[Finding, int]], now: datetime) -> int:
    """One new alert out of findings of one kind."""
    findings = [finding for finding, _ in numbered]
    return alert_store.create_alert(
        session,
        scene.monitor_id,
        kind=findings[0].kind,
        seen=scene.datetime,
        finding_ids=[number for _, number in numbered],
        now=now,
        **summary(findings),
    )


def follow_anomalies(
    session: Session,
    scene: SceneRow,
    grid: Grid,
    flags: NDArray[np.uint8],
    numbered: Sequence[tuple[Finding, int]],
    now: datetime,
) -> None:
    """Continue the alerts that these findings belong to, make the others, and look at every open one."""
    known = alert_queries.open_alerts(session, scene.monitor_id, Kind.ANOMALY)
    known += closed_nearby(session, scene, [finding for finding, _ in numbered])
    tracks = [Track(alert.id, alert.geometry) for alert in known]
    sightings: dict[int, list[tuple[Finding, int]]] = {}
    for pair, index in zip(numbered, tracking.match([finding for finding, _ in numbered], tracks), strict=True):
        if index is None:
            alert_id = raise_one(session, scene, [pair], now)
            alert_store.add_look(session, alert_id, scene.pk, Outcome.SEEN)
        else:
            sightings.setdefault(index, []).append(pair)
    looks: dict[int, Outcome] = {}
    for index, alert in enumerate(known):
        if index in sightings:
            continue_alert(session, alert, scene, sightings[index], now)
            looks[alert.id] = Outcome.SEEN
        elif alert.state in OPEN_STATES:
            looks[alert.id] = tracking.look(alert.geometry, flags, grid)
    alert_store.add_looks(session, scene.pk, looks)
    judge(session, [alert for alert in known if alert.id in looks], now)


def closed_nearby(session: Session, scene: SceneRow, findings: Sequence[Finding]) -> list[AlertRow]:
    """Closed alerts that one of the findings may be a recurrence of."""
    found: dict[int, AlertRow] = {}
    for finding in findings:
        nearby = AlertFilter(scene.monitor, (Kind.ANOMALY,), CLOSED_STATES, bbox=box_of(finding.geometry))
        found |= {alert.id: alert for alert in alert_queries.list_alerts(session, nearby)}
    return [found[alert_id] for alert_id in sorted(found)]


def continue_alert(
    session: Session, alert: AlertRow, scene: SceneRow, numbered: Sequence[tuple[Finding, int]], now: datetime
) -> None:
    """Another sighting; outline and words are those of the latest one, the score is the highest."""
    found = summary([finding for finding, _ in numbered])
    score = max(alert.score, found.pop("score"))
    alert_store.extend_alert(
        session,
        alert.id,
        seen=scene.datetime,
        finding_ids=[number for _, number in numbered],
        score=score,
        now=now,
        **(found if scene.datetime >= alert.last_seen else {}),
    )


def summary(findings: Sequence[Finding]) -> dict[str, Any]:
    """Score, area, outline and words of findings of one kind together."""
    area = sum(finding.area_m2 for finding in findings)
    first = findings[0]
    several = f"{len(findings)} {first.kind} objects, {area / 1e6:.2f} km²"
    return {
        "score": sum(finding.score * finding.area_m2 for finding in findings) / area,
        "area_m2": area,
        "geometry": first.geometry if len(findings) == 1 else together([f.geometry for f in findings]),
        "description": first.description if len(findings) == 1 else several,
    }


def together(outlines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One geometry of the outlines of several objects of one scene, which nowhere overlap."""
    parts = [
        [outline["coordinates"]] if outline["type"] == "Polygon" else outline["coordinates"] for outline in outlines
    ]
    return {"type": "MultiPolygon", "coordinates": [polygon for polygons in parts for polygon in polygons]}


def judge(session: Session, alerts: Sequence[AlertRow], now: datetime) -> None:
    """Put every alert into the state that all looks at its place call for; what a person decided stays."""
    looks = alert_store.looks_of(session, [alert.id for alert in alerts])
    for alert in alerts:
        outcomes = [look.outcome for look in looks[alert.id]]
        first = outcomes.index(Outcome.SEEN) if Outcome.SEEN in outcomes else 0
        said = tracking.verdict(outcomes[first:])
        waits = alert.state is AlertState.ACKNOWLEDGED and said is Verdict.NEW
        if alert.state is AlertState.CONFIRMED and said is Verdict.NEW:
            waits = alert_store.last_author(session, alert.id) != alert_store.SYSTEM
        if alert.state is not AlertState.DISMISSED and not waits:
            reopened = alert.state is AlertState.RESOLVED and STATES[said] is not AlertState.RESOLVED
            event = "reopened" if reopened else str(said)
            alert_store.change_state(session, alert.id, STATES[said], event=event, note=NOTES[said], now=now)
