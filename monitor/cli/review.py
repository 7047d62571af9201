"""`monitor alerts show|ack|confirm|dismiss|reopen|comment`: one alert, and what people do with it."""

import getpass
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from monitor.cli.alerts_text import feature
from monitor.cli.context import of
from monitor.cli.output import out, show_json, table
from monitor.detection.facts import facts
from monitor.detection.words import hectares
from monitor.errors import ConfigError
from monitor.store import lifecycle
from monitor.store.alert_history import AlertHistory, alert_history
from monitor.store.lifecycle import Reason
from monitor.store.review import severity_of
from monitor.store.tables import AlertState

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the alert.")]
Numbers = Annotated[list[int], typer.Argument(metavar="ID", help="Numbers of alerts.")]
Author = Annotated[str | None, typer.Option(help="Who says so; default: the name you are logged in with.")]
Note = Annotated[str | None, typer.Option(help="A remark that is kept with it.")]


class ShowFormat(StrEnum):
    """How an alert is printed."""

    TABLE = "table"
    JSON = "json"


ReasonName = StrEnum("ReasonName", {reason.name: str(reason).replace(" ", "-") for reason in Reason})  # type: ignore[misc]


def show(
    context: typer.Context,
    alert: Number,
    form: Annotated[ShowFormat, typer.Option("--format")] = ShowFormat.TABLE,
) -> None:
    """One alert: its evidence in words, its sightings, what later scenes saw, and what happened to it."""
    with of(context).store.session(read_only=True) as session:
        found = alert_history(session, alert)
    if form is ShowFormat.JSON:
        show_json(as_json(found))
    else:
        print_history(found)


def ack(context: typer.Context, alerts: Numbers, author: Author = None, note: Note = None) -> None:
    """Somebody looks after these alerts."""
    change(context, alerts, lambda session, number: lifecycle.acknowledge(session, number, name_of(author), note))
    report(alerts, AlertState.ACKNOWLEDGED)


def confirm(context: typer.Context, alerts: Numbers, author: Author = None, note: Note = None) -> None:
    """These alerts are real."""
    change(context, alerts, lambda session, number: lifecycle.confirm(session, number, name_of(author), note))
    report(alerts, AlertState.CONFIRMED)


def dismiss(
    context: typer.Context,
    alerts: Numbers,
    reason: Annotated[ReasonName, typer.Option(help="Why.")],
    author: Author = None,
    note: Note = None,
) -> None:
    """These alerts are not worth anybody's time, for that reason."""
    why = Reason[reason.name]
    change(context, alerts, lambda session, number: lifecycle.dismiss(session, number, name_of(author), why, note))
    report(alerts, AlertState.DISMISSED)


def reopen(context: typer.Context, alerts: Numbers, author: Author = None, note: Note = None) -> None:
    """These alerts, dismissed or resolved, are to be looked at again."""
    change(context, alerts, lambda session, number: lifecycle.reopen(session, number, name_of(author), note))
    report(alerts, AlertState.NEW)


def comment(
    context: typer.Context,
    alert: Number,
    text: Annotated[str, typer.Argument(help="What is to be said.")],
    author: Author = None,
) -> None:
    """Say something about an alert; its state stays."""
    change(context, [alert], lambda session, number: lifecycle.comment(session, number, name_of(author), text))
    out.print(f"alert {alert}: comment kept")


def change(context: typer.Context, alerts: list[int], act: Callable[[Session, int], None]) -> None:
    """Do the same to all alerts or to none; raises NotFoundError and AlertStateError."""
    with of(context).store.session() as session:
        for number in alerts:
            act(session, number)


def report(alerts: list[int], state: AlertState) -> None:
    """Say what the alerts are now."""
    for number in alerts:
        out.print(f"alert {number}: {state}", highlight=False)


def name_of(author: str | None) -> str:
    """Who says so; raises ConfigError where nobody is logged in under a name."""
    if author is not None:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise ConfigError("it is not known who you are; say so with --author NAME") from error


def print_history(found: AlertHistory) -> None:
    """Everything about one alert, for people."""
    alert = found.alert
    out.print(f"Alert {alert.id} of {alert.monitor}: {found.words}", style="bold", highlight=False, soft_wrap=True)
    west, south, east, north = alert.bbox
    severity = severity_of(alert).name.lower()
    said = {
        "state": f"{alert.state}, severity {severity}, score {alert.score:.2f}",
        "seen": f"{alert.first_seen:%Y-%m-%d} to {alert.last_seen:%Y-%m-%d}",
        "place": f"{(south + north) / 2:.5f} north, {(west + east) / 2:.5f} east, {hectares(alert.area_m2)}",
        "since": found.became,
    }
    for name, value in said.items():
        out.print(f"{name:8} {value}", highlight=False, soft_wrap=True)
    if found.sightings:
        largest = max(found.sightings, key=lambda seen: (seen.datetime, seen.area_m2))
        rows: list[dict[str, Any]] = [fact._asdict() for fact in facts(largest.evidence)]
        section("Evidence of the latest sighting", rows, ("about", "found", "meaning"))
    sightings = [asdict(seen) | {"hectares": seen.area_m2 / 1e4} for seen in found.sightings]
    section("Sightings", sightings, ("datetime", "scene_id", "hectares", "score", "description"))
    section("Looks at the place", [asdict(look) for look in found.looks], ("datetime", "scene_id", "outcome"))
    events = [asdict(event) | {"time": f"{event.time:%Y-%m-%d %H:%M}"} for event in found.events]
    section("Events (UTC)", events, ("time", "author", "event", "to_state", "note"))
    others = [asdict(other) | {"hectares": other.area_m2 / 1e4} for other in found.others]
    section("Other alerts at the place", others, ("id", "state", "first_seen", "last_seen", "hectares", "description"))


def section(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """A table under a heading; nothing without rows."""
    if rows:
        out.print(f"\n{title}", style="bold")
        out.print(table(rows, columns))


def as_json(found: AlertHistory) -> dict[str, Any]:
    """Everything about one alert, for programs: the GeoJSON feature with its history."""
    drawn = feature(found.alert)
    return drawn | {
        "words": found.words,
        "became": found.became,
        "severity": severity_of(found.alert).name.lower(),
        "sightings": [asdict(seen) for seen in found.sightings],
        "looks": [asdict(look) for look in found.looks],
        "events": [asdict(event) for event in found.events],
        "others": [other.id for other in found.others],
    }
