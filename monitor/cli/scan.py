"""`monitor scan`: one pass over the catalogs."""

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from monitor.cli.context import of
from monitor.cli.output import err, out, progress, show_json, table
from monitor.config import MonitorSettings, Settings
from monitor.errors import ConfigError, MonitorError
from monitor.scan import Report, scan
from monitor.store import Store


class ScanFormat(StrEnum):
    """How the outcome is printed."""

    TABLE = "table"
    JSON = "json"


COUNTS = ("found", "processed", "skipped", "failed")


def scan_command(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="Monitors; default: all.")] = None,
    form: Annotated[ScanFormat, typer.Option("--format")] = ScanFormat.TABLE,
) -> None:
    """Find new scenes, process them, store what they show."""
    settings = of(context).settings
    monitors = [settings.monitor(name) for name in names] if names else settings.monitors
    reports = scan_monitors(of(context).writable_store, settings, monitors)
    if form is ScanFormat.JSON:
        show_json(as_json(reports))
    else:
        out.print(as_table(reports))
    for report in reports:
        for failure in report.failures:
            where = failure.monitor if failure.scene_id in failure.error else f"{failure.monitor}: {failure.scene_id}"
            err.print(f"failed: {where}: {failure.error}", style="red", markup=False, highlight=False, soft_wrap=True)
    if any(report.failed for report in reports):
        raise typer.Exit(1)


def scan_monitors(store: Store, settings: Settings, monitors: Sequence[MonitorSettings]) -> list[Report]:
    """Scan every monitor; one that fails as a whole does not stop the others."""
    reports = []
    with progress() as bar:
        for monitor in monitors:
            task = bar.add_task(f"{monitor.name}: searching", total=None)

            def advance(name: str, done: int, total: int, task: object = task) -> None:
                bar.update(task, description=f"{name}: scenes", completed=done, total=total)  # type: ignore[arg-type]

            try:
                reports.append(scan(store, settings, monitor, advance))
            except ConfigError:
                raise
            except MonitorError as error:
                report = Report(monitor.name)
                report.fail(monitor.name, str(error))
                reports.append(report)
            bar.remove_task(task)
    return reports


def as_json(reports: Sequence[Report]) -> dict[str, object]:
    """Totals, then each monitor, then everything that failed."""
    totals = {count: sum(getattr(report, count) for report in reports) for count in COUNTS}
    each = {report.monitor: {count: getattr(report, count) for count in COUNTS} for report in reports}
    failures = [asdict(failure) for report in reports for failure in report.failures]
    return {**totals, "monitors": each, "failures": failures}


def as_table(reports: Sequence[Report]) -> Table:
    """One row a monitor."""
    return table([asdict(report) for report in reports], ("monitor", *COUNTS))
