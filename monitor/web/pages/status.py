"""Status: who leads, what waits, what failed, and another try for it."""

from fastapi import Request
from nicegui import APIRouter
from nicegui.element import Element

from monitor.errors import MonitorError
from monitor.store import queue
from monitor.store.scenes import SceneRow
from monitor.store.tables import SceneState
from monitor.web.access.users import Role
from monitor.web.pages import status_model as model
from monitor.web.pages import words
from monitor.web.pages.dom import button, cells, facts, heading, link, moment, prose, table, tag
from monitor.web.pages.shell import Visit, frame, page_head, tell, visit_of
from monitor.web.pages.status_model import StatusReport

router = APIRouter()


@router.page("/status", response_timeout=60)
async def status_page(request: Request) -> None:
    """How the service stands now."""
    visit = visit_of(request)
    report = await visit.ask(lambda session: model.report(session, visit.services.settings))
    with frame(visit, "Status", "/status"):
        with page_head("Status"), tag("p", "small muted"):
            tag("span", text="As of ")
            moment(report.status.moment)
        service_card(report)
        failed_card(visit, report)
        with tag("div", "halves"):
            catalogs_card(report)
            jobs_card(report)
        rejects_card(report)


def service_card(report: StatusReport) -> None:
    """The daemon, and every monitor's queue."""
    status = report.status
    with tag("section", "card stack", aria_label="Service"):
        heading(2, "Queue")
        if status.leader is None:
            prose("No daemon is running, so nothing is processed by itself; `monitor run` starts one.", "note")
        else:
            tag("p", text=f"Led by {status.leader.owner}.")
        columns = ("Monitor", "Waiting ", "Done ", "Failed ", "Quarantine ", "Skipped ", "Newest scene", "Last done")
        with table("Scenes by monitor and state", columns):
            for monitor in status.monitors:
                with tag("tr"):
                    with tag("td"):
                        link(monitor.name, f"/scenes?monitor={monitor.name}")
                    states = (
                        str(model.waiting(monitor)),
                        *(str(monitor.scenes.get(state, 0)) for state in ("done", "failed", "quarantined", "skipped")),
                    )
                    cells(*states, right=range(5))
                    for when in (monitor.newest_scene, monitor.last_done):
                        with tag("td"):
                            moment(when) if when else tag("span", "muted", "never")
        if status.messages:
            facts([(f"Messages {state}", f"{count:,}") for state, count in sorted(status.messages.items())])


def failed_card(visit: Visit, report: StatusReport) -> None:
    """Scenes that failed or are in quarantine, with their reason."""
    with tag("section", "card", aria_label="Failed scenes"):
        heading(2, "Failed scenes and quarantine")
        if not report.failed:
            tag("p", "muted", "None. Scenes that fail too often would wait here with their reason.")
            return
        columns = ("Scene", "State", "Attempts ", "Reason", "")
        with table("Failed scenes", columns):
            for row in report.failed:
                with tag("tr") as line:
                    failed_cells(visit, row, line)


def failed_cells(visit: Visit, row: SceneRow, line: Element) -> None:
    """One scene, and another try for it."""
    with tag("td"):
        link(row.scene_id, f"/scenes/{row.pk}", "mono nowrap")
        tag("div", "muted", row.monitor)
    with tag("td"):
        chip = tag("span", f"chip {row.state}", words.SCENE_STATES[row.state])
    tag("td", "right", str(row.attempts))
    tag("td", "wide", row.error or "")
    with tag("td"):
        if not visit.may(Role.ADMIN):
            return

        async def retry() -> None:
            try:
                await visit.change(Role.ADMIN, lambda session: queue.try_again(session, row.pk))
            except MonitorError as error:
                tell(str(error))
                return
            again.delete()
            chip.classes(replace=f"chip {SceneState.DISCOVERED}")
            chip.text = words.SCENE_STATES[SceneState.DISCOVERED]  # type: ignore[attr-defined]
            tell(f"{row.scene_id} is in the queue again; the next pass takes it")

        again = button("Try again", retry, icon="replay", aria_label=f"Try {row.scene_id} again")


def catalogs_card(report: StatusReport) -> None:
    """Where scenes come from."""
    with tag("section", "card", aria_label="Catalogs"):
        heading(2, "Catalogs")
        with table("Catalogs", ("Name", "Address", "Used by")):
            for name, (address, monitors) in report.catalogs.items():
                with tag("tr"):
                    tag("td", text=name)
                    tag("td", "mono", address)
                    tag("td", text=", ".join(monitors) or "no monitor")


def jobs_card(report: StatusReport) -> None:
    """The daemon's jobs."""
    with tag("section", "card", aria_label="Jobs"):
        heading(2, "Jobs")
        if not report.status.jobs:
            prose("No job has run yet; `monitor run` runs them.", "muted")
            return
        with table("Jobs", ("Job", "Last run", "Took ", "Error")):
            for job in report.status.jobs:
                with tag("tr"):
                    tag("td", text=job.name)
                    with tag("td"):
                        moment(job.started_at)
                    tag("td", "right", "–" if job.seconds is None else f"{job.seconds:.1f} s")
                    tag("td", "wide", job.error or "")


def rejects_card(report: StatusReport) -> None:
    """Items of catalogs that are no scenes."""
    if not report.rejects:
        return
    with tag("section", "card", aria_label="Rejected items"):
        heading(2, "Malformed items")
        with table("Items of catalogs that are malformed", ("Item", "Catalog", "Reason", "Since")):
            for reject in report.rejects:
                with tag("tr"):
                    tag("td", "mono", reject.item_id)
                    tag("td", text=reject.catalog)
                    tag("td", "wide", reject.error)
                    with tag("td"):
                        moment(reject.rejected_at)
