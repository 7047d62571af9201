"""Findings of a scene become alerts: new ones, or the next sighting of one that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from monitor.detection import tracking
from monitor.detection.result import Detection, Finding, Kind, Outcome, Outline
from monitor.detection.tracking import Track, Verdict
from monitor.scenes.grid import Grid
from monitor.store import appearances, queue, results
from monitor.store import tracking as alert_store
from monitor.store.appearances import Appearance, Move, Standing
from monitor.store.geometry import boxes_of
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

Numbered = tuple[Finding, int]
"""A finding and its place among those of its scene."""


def withdraw(session: Session, scene: SceneRow) -> list[Standing]:
    """Remove what this scene gave before, and older products of the same acquisition; gives the emptied alerts."""
    older = [row.pk for row in queue.superseded_by(session, scene.pk)]
    touched = [alert for scene_pk in (scene.pk, *older) for alert in results.clear_result(session, scene_pk)]
    queue.mark_superseded(session, older)
    return appearances.without_findings(session, list(dict.fromkeys(touched)))


def raise_alerts(
    session: Session,
    scene: SceneRow,
    grid: Grid,
    detection: Detection,
    emptied: Sequence[Standing],
    now: datetime,
) -> list[int]:
    """Alerts out of the findings of one scene, in the scene's transaction; gives the alert of every finding.

    Clouds of a scene are one alert, its shadows another. An anomaly continues the alert at its place, or is a
    new one; every alert that is open gets a look at its place. What `withdraw` emptied is filled again first.
    """
    numbered = [(finding, place) for place, finding in enumerate(detection.findings)]
    new: list[list[Numbered]] = []
    again: list[tuple[Standing, list[Numbered]]] = []
    for kind in (Kind.CLOUD, Kind.SHADOW):
        of_kind = [pair for pair in numbered if pair[0].kind is kind]
        former = next((alert for alert in emptied if alert.kind is kind), None)
        if of_kind and former:
            again.append((former, of_kind))
        elif of_kind:
            new.append(of_kind)
    followed = follow(session, scene, [pair for pair in numbered if pair[0].kind is Kind.ANOMALY])
    again += followed.again
    first_anomaly = len(new)
    new += [[pair] for pair in followed.new]
    alerts = appearances.create_alerts(session, scene.monitor_id, [*map(appearance, new)], scene.datetime, now)
    extended = [(alert, appearance(pairs)) for alert, pairs in again]
    appearances.extend_alerts(session, extended, scene.datetime, now)
    looks = dict.fromkeys((*alerts[first_anomaly:], *(alert.id for alert, _ in followed.again)), Outcome.SEEN)
    looks |= {alert.id: tracking.look(outline, detection.flags, grid) for alert, outline in followed.unseen}
    alert_store.add_looks(session, scene.pk, looks)
    judge(session, [alert for alert, _ in (*followed.again, *followed.unseen)], now)
    filled = {alert.id for alert, _ in again}
    supersede(session, [alert.id for alert in emptied if alert.id not in filled], now)
    members = [*zip(alerts, new, strict=True), *((alert.id, pairs) for alert, pairs in again)]
    belongs = {place: alert for alert, pairs in members for _, place in pairs}
    return [belongs[place] for _, place in numbered]


@dataclass(frozen=True)
class Followed:
    """Numbered anomalies of a scene: new ones, those of known alerts, and open alerts without any, with outlines."""

    new: list[Numbered]
    again: list[tuple[Standing, list[Numbered]]]
    unseen: list[tuple[Standing, Mapping[str, Any]]]


def follow(session: Session, scene: SceneRow, numbered: Sequence[Numbered]) -> Followed:
    """Which alerts anomalies belong to: open ones, or closed ones that they may be a recurrence of."""
    findings = [finding for finding, _ in numbered]
    boxes = boxes_of([finding.geometry for finding in findings])
    known = appearances.open_alerts(session, scene.monitor_id, Kind.ANOMALY)
    known += appearances.closed_alerts(session, scene.monitor_id, Kind.ANOMALY, boxes)
    alerts, outlines = appearances.standing(session, known), appearances.outlines_of(session, known)
    belongs = tracking.match(findings, [Track(number, outlines[number]) for number in known])
    again: dict[int, list[Numbered]] = {}
    for pair, index in zip(numbered, belongs, strict=True):
        if index is not None:
            again.setdefault(index, []).append(pair)
    return Followed(
        [pair for pair, index in zip(numbered, belongs, strict=True) if index is None],
        [(alert, again[index]) for index, alert in enumerate(alerts) if index in again],
        [(a, outlines[a.id]) for index, a in enumerate(alerts) if index not in again and a.state in OPEN_STATES],
    )


def supersede(session: Session, alert_ids: Sequence[int], now: datetime) -> None:
    """Close alerts that a scene gave up."""
    note = "the scene was processed again and does not show it any more"
    moves = [Move(alert, AlertState.RESOLVED, "superseded", note) for alert in appearances.standing(session, alert_ids)]
    appearances.move_alerts(session, moves, now)


def appearance(numbered: Sequence[Numbered]) -> Appearance:
    """Findings of one kind of one scene together."""
    findings, first = [finding for finding, _ in numbered], numbered[0][0]
    area = sum(finding.area_m2 for finding in findings)
    several = f"{len(findings)} {first.kind} objects, {area / 1e6:.2f} km²"
    return Appearance(
        kind=first.kind,
        score=sum(finding.score * finding.area_m2 for finding in findings) / area,
        area_m2=area,
        geometry=first.geometry if len(findings) == 1 else together([finding.geometry for finding in findings]),
        description=first.description if len(findings) == 1 else several,
    )


def together(outlines: Sequence[Mapping[str, Any]]) -> Outline:
    """One geometry of the outlines of several objects of one scene, which nowhere overlap."""
    return Outline(tuple(polygon for outline in outlines for polygon in Outline.of(outline).polygons))


def judge(session: Session, alerts: Sequence[Standing], now: datetime) -> None:
    """Put every alert into the state that all looks at its place call for; what a person decided stays."""
    looks = alert_store.looks_of(session, [alert.id for alert in alerts])
    moves = []
    for alert in alerts:
        outcomes = [look.outcome for look in looks[alert.id]]
        first = outcomes.index(Outcome.SEEN) if Outcome.SEEN in outcomes else 0
        said = tracking.verdict(outcomes[first:])
        waits = alert.state is AlertState.ACKNOWLEDGED and said is Verdict.NEW
        if alert.state is AlertState.CONFIRMED and said is Verdict.NEW:
            waits = alert_store.last_author(session, alert.id) != alert_store.SYSTEM
        if alert.state is not AlertState.DISMISSED and not waits:
            reopened = alert.state is AlertState.RESOLVED and STATES[said] is not AlertState.RESOLVED
            moves.append(Move(alert, STATES[said], "reopened" if reopened else str(said), NOTES[said]))
    appearances.move_alerts(session, moves, now)
