"""Scenes: a timeline of what covered the area, and every acquisition with its state and reason."""

from dataclasses import replace

from fastapi import Request
from nicegui import APIRouter, ui
from sqlalchemy.orm import Session

from monitor.store.monitors import monitor_names
from monitor.store.scenes import SceneRow
from monitor.store.tables import SceneState
from monitor.web.pages import scenes_model as model
from monitor.web.pages import words
from monitor.web.pages.dom import button, heading, link, moment, prose, select, table, tag, text_field
from monitor.web.pages.scenes_model import Metrics, ScenesPage, ScenesView
from monitor.web.pages.shell import Visit, frame, page_head, visit_of

router = APIRouter()

COLUMNS = ("Acquired", "Scene", "State", "Cloud ", "Shadow ", "Anomaly ", "Misalignment ", "Reason")


@router.page("/scenes", response_timeout=60)
async def scenes_page(request: Request) -> None:
    """The list with the filter of its address."""
    visit = visit_of(request)
    view = model.from_query(request.query_params)

    def question(session: Session) -> tuple[ScenesPage, list[str]]:
        return model.gather(session, view), monitor_names(session)

    page, monitors = await visit.ask(question)
    with frame(visit, "Scenes", "/scenes"):
        page_head("Scenes", f"{words.count(page.total, 'acquisition')}, the newest first.")
        filters(view, monitors)
        if any(row.state is SceneState.DONE for row, _ in page.rows):
            with tag("section", "card", aria_label="Timeline"):
                heading(2, "What covered the area")
                ui.echart(model.timeline(page.rows), renderer="svg").classes("chart").props["aria-hidden"] = "true"
        if page.rows:
            listing(visit, page)
        else:
            with tag("div", "card empty"):
                heading(2, "No scene")
                prose("None is known, or none matches the filter. `monitor scan` looks for scenes.")
        turn_pages(view, page.total)


def filters(view: ScenesView, monitors: list[str]) -> None:
    """Choices that lead to another address."""
    with tag("section", "filters", aria_label="Filters"):
        names = {"": "All"} | {name: name for name in monitors}
        select("Monitor", names, view.monitor or "", lambda value: go(replace(view, monitor=value or None, page=1)))
        states = {"": "All"} | {str(state): name for state, name in words.SCENE_STATES.items()}
        chosen = str(view.state or "")
        select(
            "State", states, chosen,
            lambda value: go(replace(view, state=SceneState(value) if value else None, page=1)),
        )  # fmt: skip
        text_field("Acquired since", view.since, lambda value: go(replace(view, since=value, page=1)), type_="date")


def go(view: ScenesView) -> None:
    """To the address of a view."""
    query = model.to_query(view)
    ui.navigate.to(f"/scenes?{query}" if query else "/scenes")


def listing(visit: Visit, page: ScenesPage) -> None:
    """One row a scene."""
    with tag("section", "card", aria_label="Acquisitions"), table("Acquisitions, the newest first", COLUMNS):
        for row, metrics in page.rows:
            with tag("tr"):
                scene_cells(row, metrics)


def scene_cells(row: SceneRow, metrics: Metrics) -> None:
    """The cells of one scene."""
    with tag("td"):
        moment(row.datetime)
    with tag("td"):
        link(row.scene_id, f"/scenes/{row.pk}", "mono nowrap")
        tag("div", "muted", row.monitor)
    with tag("td"):
        tag("span", f"chip {row.state}", words.SCENE_STATES[row.state])
    for metric, _, _ in model.SHARES:
        tag("td", "right", words.percent(metrics.get(metric)))
    found = model.misalignment(metrics)
    tag("td", "right", "–" if found is None else f"{found:.3f}")
    tag("td", "wide muted", model.reason(row))


def turn_pages(view: ScenesView, total: int) -> None:
    """Links to other pages of the list."""
    pages = max(-(-total // model.ROWS_A_PAGE), 1)
    if pages == 1:
        return
    with tag("nav", "line", aria_label="Pages of the list"):
        if view.page > 1:
            button("Newer", lambda: go(replace(view, page=view.page - 1)), icon="chevron_left")
        tag("span", "small muted", f"Page {view.page} of {pages}")
        if view.page < pages:
            button("Older", lambda: go(replace(view, page=view.page + 1)), icon="chevron_right")
