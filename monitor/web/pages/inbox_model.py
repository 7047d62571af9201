"""The inbox without a browser: filters as a query string, and alerts as lines of text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import TypeVar
from urllib.parse import urlencode

from monitor.detection.result import Kind
from monitor.detection.words import hectares
from monitor.store.inbox import InboxAlert, InboxFilter, InboxGroup
from monitor.store.severity import Severity
from monitor.store.tables import AlertState
from monitor.web.pages import words

GROUPS_A_PAGE = 12
LINES_A_GROUP = 60
"""More alerts of one scene are left to the scene's page."""

SEVERITY_WORDS = {"high": Severity.HIGH, "medium": Severity.MEDIUM}
SEVERAL = re.compile(r"(\d+) anomaly objects")
LABELS = re.compile(r"label (\d+) -> label (\d+)|within label (\d+)")

E = TypeVar("E", bound=Enum)


EVERYTHING = InboxFilter()


@dataclass(frozen=True)
class InboxView:
    """What the inbox shows: a filter and a page of it, from 1."""

    wanted: InboxFilter = EVERYTHING
    page: int = 1

    @property
    def offset(self) -> int:
        """Groups before this page."""
        return (self.page - 1) * GROUPS_A_PAGE


def from_query(query: Mapping[str, str]) -> InboxView:
    """The view that a query string asks for; what it does not know is left out."""
    severity = SEVERITY_WORDS.get(query.get("severity", ""))
    since, until = day_of(query.get("since", "")), day_of(query.get("until", ""))
    wanted = InboxFilter(
        monitor=query.get("monitor") or None,
        kind=choice(Kind, query.get("kind", "")),
        state=choice(AlertState, query.get("state", "")),
        severity=severity,
        since=since,
        until=until + timedelta(days=1) if until else None,
    )
    number = query.get("page", "1")
    return InboxView(wanted, max(int(number), 1) if number.isdecimal() and len(number) < 7 else 1)


def to_query(view: InboxView) -> str:
    """The query string of a view, without what is as always."""
    wanted = view.wanted
    said = {
        "monitor": wanted.monitor,
        "kind": wanted.kind and str(wanted.kind),
        "state": wanted.state and str(wanted.state),
        "severity": wanted.severity and wanted.severity.name.lower(),
        "since": wanted.since and words.day(wanted.since),
        "until": wanted.until and words.day(wanted.until - timedelta(days=1)),
        "page": str(view.page) if view.page > 1 else None,
    }
    return urlencode({key: value for key, value in said.items() if value})


def choice(members: type[E], value: str) -> E | None:
    """The member with that value, None when there is none."""
    return next((member for member in members if member.value == value), None)


def day_of(text: str) -> datetime | None:
    """Start of a day in UTC, None for what is no date."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def pages_of(groups: int) -> int:
    """How many pages there are, at least one."""
    return max(-(-groups // GROUPS_A_PAGE), 1)


def line(alert: InboxAlert, names: Sequence[str]) -> str:
    """An alert in one line; `names` say what ground each label of its reference is."""
    if alert.kind is not Kind.ANOMALY:
        return alert.description
    return f"{change_words(alert.description, names)}, {hectares(alert.area_m2)}"


def change_words(description: str, names: Sequence[str]) -> str:
    """What became of the ground, from the labels that a description names: "water → vegetation"."""
    found = LABELS.search(description)
    if found is None:
        several = SEVERAL.match(description)
        return f"Change in {several[1]} patches" if several else "Change"
    before, after = (int(found[3]), int(found[3])) if found[3] else (int(found[1]), int(found[2]))
    return transition(before, after, names)


def transition(before: int, after: int, names: Sequence[str]) -> str:
    """One label to another in words; numbers where two labels go by one word."""
    one, other = (names[n] if n < len(names) else f"label {n}" for n in (before, after))
    if before == after:
        return f"Change within {one}"
    if one == other:
        return f"{one.capitalize()} (label {before}) → {other} (label {after})"
    return f"{one.capitalize()} → {other}"


def detail(description: str) -> str:
    """The figures of a description: what stands after the labels, without the area, which is said elsewhere."""
    _, marker, rest = description.partition(": ")
    return ", ".join(part for part in rest.split(", ") if not part.endswith(" ha")) if marker else ""


def group_title(group: InboxGroup) -> str:
    """Scene and how much it showed."""
    return f"{group.monitor} · {words.day(group.seen)}"


def neighbours(groups: Sequence[InboxGroup], alert_id: int) -> tuple[int | None, int | None]:
    """The alerts before and after one in a list; both None when it is not in it."""
    ids = [alert.id for group in groups for alert in group.alerts]
    if alert_id not in ids:
        return None, None
    at = ids.index(alert_id)
    return (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None)


def version_of(group: InboxGroup) -> tuple[str, int | None]:
    """Monitor and version of the model that a group's alerts were found with."""
    return group.monitor, group.scene.reference_version if group.scene is not None else None


def picture(alert_id: int, scene_pk: int, name: str, size: str = "thumb") -> str:
    """Address of a picture of an alert's surroundings."""
    return f"/pictures/alerts/{alert_id}/{scene_pk}/{name}?size={size}"
