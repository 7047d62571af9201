"""An alert without a browser: everything the page says, gathered from the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.detection.facts import Fact, facts
from monitor.detection.result import Kind, Outcome
from monitor.detection.words import border_words, hectares
from monitor.errors import NotFoundError
from monitor.scenes.grid import Grid
from monitor.store.alerts import AlertRow, get_alert
from monitor.store.findings import findings_of_alert
from monitor.store.history import FindingRow
from monitor.store.monitors import get_grid
from monitor.store.review import severity_of
from monitor.store.scenes import SceneRow, get_scene
from monitor.store.severity import Severity
from monitor.store.tables import AlertState, SceneState
from monitor.store.tracking import EventRow, Look, events_of, looks_of
from monitor.web.pages import inbox_model, words
from monitor.web.pages.ground_names import colours_for, names_of_labels, reference_day

LARGEST_OUTLINE = 400
"""Polygons drawn of one alert; the clouds of a scene may be thousands, and their flags show them all."""


@dataclass(frozen=True)
class AlertReport:
    """An alert with what its page shows.

    `scene` is the first one that showed it; `findings` are the largest ones of every scene, by its number.
    """

    alert: AlertRow
    severity: Severity
    grid: Grid | None
    findings: Mapping[int, FindingRow]
    scene: SceneRow | None
    reference_day: str
    names: tuple[str, ...]
    colours: tuple[str, ...]
    looks: tuple[Look, ...]
    events: tuple[EventRow, ...]
    viewable: tuple[SceneRow, ...]

    @property
    def title(self) -> str:
        """One line: what became of the ground, or what covers it."""
        if self.alert.kind is not Kind.ANOMALY:
            return self.alert.description
        change = inbox_model.change_words(self.alert.description, self.names)
        return f"{change}, {hectares(self.alert.area_m2)}"

    def lead(self, scene_pk: int) -> str:
        """How sharp it is in a scene, for an anomaly."""
        finding = self.findings.get(scene_pk)
        if self.alert.kind is not Kind.ANOMALY or finding is None:
            return ""
        return f"{border_words(finding.evidence).capitalize()}."

    def facts(self, scene_pk: int) -> list[Fact]:
        """The evidence of a scene in words; empty when the scene has none."""
        finding = self.findings.get(scene_pk)
        return facts(finding.evidence) if finding is not None else []

    @property
    def place(self) -> str:
        """Middle of its box in degrees, latitude first as people say it."""
        west, south, east, north = self.alert.bbox
        latitude, longitude = (south + north) / 2, (west + east) / 2
        north_south, east_west = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
        return f"{abs(latitude):.4f}° {north_south}, {abs(longitude):.4f}° {east_west}"


def gather(session: Session, settings: Settings, alert_id: int) -> AlertReport:
    """The report; NotFoundError if there is no such alert."""
    alert = get_alert(session, alert_id)
    findings = findings_of_alert(session, alert_id, limit=200)
    looks = looks_of(session, [alert_id])[alert_id]
    largest: dict[int, FindingRow] = {}
    for found in sorted(findings, key=lambda found: found.area_m2):
        largest[found.scene_pk] = found
    first = findings[-1].scene_pk if findings else None
    scene = get_scene(session, first) if first is not None else None
    names: tuple[str, ...] = ()
    if scene is not None and scene.reference_version is not None:
        version = (alert.monitor, scene.reference_version)
        names = names_of_labels(session, settings, [version]).get(version, ())
    return AlertReport(
        alert,
        severity_of(alert),
        get_grid(session, scene.monitor_id) if scene is not None else None,
        largest,
        scene,
        reference_day(session, scene) if scene is not None else "",
        names,
        colours_for(session, settings, scene) if scene is not None else (),
        looks,
        tuple(events_of(session, alert_id)),
        viewable(session, scene, looks),
    )


def viewable(session: Session, scene: SceneRow | None, looks: Sequence[Look]) -> tuple[SceneRow, ...]:
    """The scenes whose picture can be compared with the reference's: that showed it, and that looked later."""
    found: dict[int, SceneRow] = {scene.pk: scene} if scene is not None else {}
    for look in looks:
        if look.scene_pk in found:
            continue
        try:
            row = get_scene(session, look.scene_pk)
        except NotFoundError:
            continue
        if row.state is SceneState.DONE:
            found[row.pk] = row
    return tuple(sorted(found.values(), key=lambda row: (row.datetime, row.pk)))


def afterwards(looks: Sequence[Look], state: AlertState) -> str:
    """What became of the place, in a sentence."""
    seen = [look for look in looks if look.outcome is Outcome.SEEN]
    gone = [look for look in looks if look.outcome is Outcome.GONE]
    hidden = len(looks) - len(seen) - len(gone)
    if len(looks) < 2:
        return "No later scene has looked at this place yet."
    parts = [f"Seen in {words.count(len(seen), 'scene')}"]
    if gone:
        parts.append(f"gone in {len(gone)}")
    if hidden:
        parts.append(f"hidden in {hidden}")
    ending = ""
    if state is AlertState.RESOLVED and gone:
        ending = f" The change was over by {words.day(gone[-1].datetime)}."
    elif seen and looks[-1].outcome is Outcome.SEEN:
        ending = f" Still there on {words.day(seen[-1].datetime)}."
    return ", ".join(parts) + "." + ending


EVENT_WORDS: Mapping[str, str] = {
    "created": "Raised",
    "acknowledged": "Acknowledged",
    "confirmed": "Confirmed",
    "dismissed": "Dismissed",
    "resolved": "Resolved",
    "reopened": "Reopened",
    "undone": "Taken back",
    "comment": "Comment",
    "superseded": "Withdrawn",
    "transient": "Resolved: a passing thing",
    "ended": "Resolved: ended",
    "recurring": "Resolved: comes and goes",
    "new": "Seen again",
}


def event_words(event: EventRow) -> str:
    """What happened, in a word or two."""
    return EVENT_WORDS.get(event.event, event.event.capitalize())


def options(scenes: Sequence[SceneRow], looks: Sequence[Look]) -> dict[int, tuple[datetime, Outcome]]:
    """Time and outcome of every scene that can be shown, by its number; the first one saw it."""
    outcomes = {look.scene_pk: look.outcome for look in looks}
    return {scene.pk: (scene.datetime, outcomes.get(scene.pk, Outcome.SEEN)) for scene in scenes}
