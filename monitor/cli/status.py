"""`monitor status`: how the service stands."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from monitor.cli.context import of
from monitor.cli.output import out, show_json, table
from monitor.daemon import disk_problem
from monitor.store.status import MonitorStatus, Status, gather


class StatusFormat(StrEnum):
    """How the status is printed."""

    TABLE = "table"
    JSON = "json"


def status(
    context: typer.Context, form: Annotated[StatusFormat, typer.Option("--format")] = StatusFormat.TABLE
) -> None:
    """Show who leads, what waits, what failed and how the jobs went."""
    store = of(context).store
    with store.session(read_only=True) as session:
        found = gather(session)
    disk = disk_problem(of(context).settings, store)
    if form is StatusFormat.JSON:
        show_json(as_json(found) | {"disk": disk})
        return
    lead = f"led by {found.leader.owner}" if found.leader else "no daemon is running (`monitor run`)"
    out.print(lead, soft_wrap=True)
    if disk:
        out.print(disk, style="red", soft_wrap=True)
    if found.monitors:
        out.print(
            table([as_row(found, monitor) for monitor in found.monitors], tuple(as_row(found, found.monitors[0])))
        )
    if found.jobs:
        rows = [
            {"job": job.name, "last run": minutes(job.started_at), "succeeded": minutes(job.succeeded_at),
             "seconds": job.seconds, "error": job.error}
            for job in found.jobs
        ]  # fmt: skip
        out.print(table(rows, tuple(rows[0])))
    if found.messages:
        out.print("messages: " + ", ".join(f"{count} {state}" for state, count in sorted(found.messages.items())))


def as_row(found: Status, monitor: MonitorStatus) -> dict[str, Any]:
    """A monitor in the table."""
    states = ("done", "skipped", "failed", "quarantined")
    waiting = monitor.scenes.get("discovered", 0) + monitor.scenes.get("processing", 0)
    hours = (found.moment - monitor.waiting_since).total_seconds() / 3600 if monitor.waiting_since else None
    counts = {state: monitor.scenes.get(state, 0) for state in states}
    return {"monitor": monitor.name, "waiting": waiting, "oldest h": hours, **counts, "newest": monitor.newest_scene}


def minutes(moment: Any) -> str:
    """A time to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def as_json(found: Status) -> dict[str, Any]:
    """The status as JSON."""
    alerts = [{"kind": kind, "state": state, "count": count} for (kind, state), count in found.alerts.items()]
    return asdict(found) | {"alerts": alerts}
