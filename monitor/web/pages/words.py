"""What people read: times, shares and states in words. Pure functions; nothing here is HTML."""

from datetime import datetime

from monitor.detection.result import Kind
from monitor.store.severity import Severity
from monitor.store.tables import AlertState, SceneState

KINDS = {Kind.CLOUD: "Clouds", Kind.SHADOW: "Cloud shadows", Kind.ANOMALY: "Anomaly"}
STATES = {
    AlertState.NEW: "New",
    AlertState.ACKNOWLEDGED: "Acknowledged",
    AlertState.CONFIRMED: "Confirmed",
    AlertState.DISMISSED: "Dismissed",
    AlertState.RESOLVED: "Resolved",
}
SEVERITIES = {Severity.HIGH: "High", Severity.MEDIUM: "Medium", Severity.LOW: "Low"}
SCENE_STATES = {
    SceneState.DISCOVERED: "Waiting",
    SceneState.PROCESSING: "In work",
    SceneState.DONE: "Done",
    SceneState.FAILED: "Failed, to be tried again",
    SceneState.QUARANTINED: "In quarantine",
    SceneState.SKIPPED: "Skipped",
    SceneState.SUPERSEDED: "Replaced by a newer product",
}
MINUS = "\u2212"


def day(moment: datetime) -> str:
    """Date in UTC."""
    return f"{moment:%Y-%m-%d}"


def minute(moment: datetime) -> str:
    """Date and time in UTC, and saying so."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def percent(share: float | None) -> str:
    """A share (0-1) in percent; a dash where nothing is known."""
    if share is None:
        return "\u2013"
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.1 else f"{100 * share:.1f} %"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, the minus as wide as the plus."""
    return f"{value:+.{digits}f}".replace("-", MINUS)


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = max((now - moment).total_seconds(), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
