"""The inbox: what waits for a person, by scene; reviewed with keys, with buttons, one by one or many at once."""

import logging
from dataclasses import replace
from urllib.parse import parse_qsl, quote

from fastapi import Request
from nicegui import APIRouter, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.errors import MonitorError
from monitor.store.actions import Action
from monitor.store.inbox import InboxAlert, InboxGroup, InboxPage, inbox
from monitor.store.monitors import monitor_names
from monitor.store.tables import AlertState
from monitor.web.access.users import Role
from monitor.web.pages import inbox_model as model
from monitor.web.pages import words
from monitor.web.pages.desk import Desk
from monitor.web.pages.dialogs import dismiss_dialog, help_dialog
from monitor.web.pages.dom import button, heading, link, moment, select, tag, text_field
from monitor.web.pages.ground_names import NamesOf, names_of_labels
from monitor.web.pages.inbox_model import InboxView
from monitor.web.pages.reviewing import Step
from monitor.web.pages.shell import Visit, frame, page_head, tell, visit_of

log = logging.getLogger(__name__)

router = APIRouter()


@router.page("/", response_timeout=60)
@router.page("/inbox", response_timeout=60)
async def inbox_page(request: Request) -> None:
    """The inbox with the filter of its address."""
    visit = visit_of(request)
    view = model.from_query(request.query_params)
    with frame(visit, "Inbox", "/inbox"):
        await Inbox(visit, view, await visit.ask(monitor_names)).build()


class Inbox:
    """One visitor's inbox: what it shows, and the steps that can be taken back."""

    def __init__(self, visit: Visit, view: InboxView, monitors: list[str]) -> None:
        self.visit = visit
        self.view = view
        self.monitors = monitors
        self.rows: dict[int, tuple[Element, Element]] = {}
        self.desk = Desk(visit)

    async def build(self) -> None:
        """Everything on the page."""
        with page_head("Inbox") as head:
            self.about = tag("p", text="")
            self.about.move(head.default_slot.children[0])
            button("Keys", classes="quiet keys-only", key="?", data_opens="help")
        with tag("section", "filters", aria_label="Filters"):
            self.filters()
        self.toolbar()
        self.list = tag("div", "stack")
        self.pager = tag("nav", "line", aria_label="Pages of the inbox")
        help_dialog(self.visit.may(Role.REVIEWER))
        if self.visit.may(Role.REVIEWER):
            dismiss_dialog()
            ui.on("review", self.review)
        await self.refresh()

    def filters(self) -> None:
        """Choices that narrow the list; each is in the address."""
        wanted = self.view.wanted
        anything = {"": "All"}
        names = anything | {name: name for name in self.monitors}
        select("Monitor", names, wanted.monitor or "", lambda value: self.narrow("monitor", value))
        kinds = anything | {str(kind): name for kind, name in words.KINDS.items()}
        select("Kind", kinds, str(wanted.kind or ""), lambda value: self.narrow("kind", value))
        grades = anything | {"medium": "Medium and high", "high": "High"}
        grade = wanted.severity.name.lower() if wanted.severity else ""
        select("Severity", grades, grade, lambda value: self.narrow("severity", value))
        states = {"": "To review"} | {str(state): name for state, name in words.STATES.items()}
        select("State", states, str(wanted.state or ""), lambda value: self.narrow("state", value))
        since = words.day(wanted.since) if wanted.since else ""
        text_field("Seen since", since, lambda value: self.narrow("since", value), type_="date")

    def toolbar(self) -> None:
        """What can be done with the selected or the current alert."""
        with tag("section", "bulk", aria_label="Actions"):
            said = "No alert selected"
            tag("span", "bulk-count", said, data_picked=said, role="status")
            if not self.visit.may(Role.REVIEWER):
                tag("span", "muted small", "You may look; a reviewer decides.")
                return
            with tag("div", "line", data_review=""):
                button("Confirm", key="c", data_does="confirm", classes="primary")
                button("Dismiss…", key="d", data_does="dismiss")
                button("Acknowledge", key="a", data_does="acknowledge")
                button("Undo", key="u", data_does="undo", icon="undo")

    async def narrow(self, key: str, value: str) -> None:
        """Another filter: into the address, and onto the page."""
        query = dict(parse_qsl(model.to_query(replace(self.view, page=1))))
        self.view = model.from_query(query | {key: value})
        await self.go()

    async def turn_to(self, page: int) -> None:
        """Another page of the list."""
        self.view = replace(self.view, page=page)
        await self.go()

    async def go(self) -> None:
        """Show the view, with its address in the browser."""
        query = model.to_query(self.view)
        ui.navigate.history.push(f"/inbox?{query}" if query else "/inbox")
        await self.refresh()

    async def refresh(self) -> None:
        """The list anew."""
        view = self.view

        def question(session: Session) -> tuple[InboxPage, NamesOf]:
            page = inbox(session, view.wanted, limit=model.GROUPS_A_PAGE, offset=view.offset)
            versions = {model.version_of(group) for group in page.groups}
            return page, names_of_labels(session, self.visit.services.settings, versions)

        page, names = await self.visit.ask(question)
        self.about.text = (  # type: ignore[attr-defined]
            f"{words.count(page.all_alerts, 'alert')} of {words.count(page.all_groups, 'scene')}, gravest first."
        )
        self.list.clear()
        self.rows.clear()
        with self.list:
            for group in page.groups:
                self.group(group, names.get(model.version_of(group), ()))
            if not page.groups:
                self.nothing()
        self.pager.clear()
        with self.pager:
            self.turn_pages(model.pages_of(page.all_groups))

    def nothing(self) -> None:
        """What an empty list says."""
        with tag("div", "card empty"):
            if self.view.wanted == InboxView().wanted:
                heading(2, "Nothing to review")
                tag("p", text="Every alert has been decided. New ones appear here after the next scenes.")
            else:
                heading(2, "No alert matches")
                link("Show everything that waits for review", "/inbox")

    def turn_pages(self, pages: int) -> None:
        """Links to other pages of the list."""
        page = self.view.page
        if pages > 1:
            if page > 1:
                button("Previous", lambda: self.turn_to(page - 1), icon="chevron_left")
            tag("span", "small muted", f"Page {page} of {pages}")
            if page < pages:
                button("Next", lambda: self.turn_to(page + 1), icon="chevron_right")

    def group(self, group: InboxGroup, names: tuple[str, ...]) -> None:
        """The alerts of one scene."""
        with tag("section", "group", aria_label=model.group_title(group)):
            with tag("div", "group-head"):
                with heading(2, f"{group.monitor} · "):
                    moment(group.seen)
                tag("span", f"chip {group.severity.name.lower()}", f"{words.SEVERITIES[group.severity]} severity")
                tag("span", "small muted", words.count(len(group.alerts), "alert"))
                if group.scene is not None:
                    link(group.scene.scene_id, f"/scenes/{group.scene.pk}", "small mono")
            for alert in group.alerts[: model.LINES_A_GROUP]:
                self.row(alert, group, names)
            if len(group.alerts) > model.LINES_A_GROUP and group.scene is not None:
                left = words.count(len(group.alerts) - model.LINES_A_GROUP, "more alert")
                link(f"{left} on the scene's page", f"/scenes/{group.scene.pk}", "row-alert")

    def row(self, alert: InboxAlert, group: InboxGroup, names: tuple[str, ...]) -> None:
        """One alert: box, pictures, words, what can be done."""
        said = model.line(alert, names)
        row = tag(
            "article", "row-alert", data_alert=str(alert.id), tabindex="0", aria_label=f"Alert {alert.id}: {said}"
        )
        with row:
            if self.visit.may(Role.REVIEWER):
                tag("input", type="checkbox", data_pick="", aria_label=f"Select alert {alert.id}")
            else:
                tag("span")
            pictures(alert, group)
            with tag("div", "row-words"):
                with tag("div", "row-meta"):
                    tag("span", f"kind {alert.kind}", words.KINDS[alert.kind])
                    if alert.kind is Kind.ANOMALY:
                        tag("span", f"chip {alert.severity.name.lower()}", words.SEVERITIES[alert.severity])
                    by_itself = self.view.wanted.state is None and alert.state is AlertState.CONFIRMED
                    said_state = "Confirmed by later scenes" if by_itself else words.STATES[alert.state]
                    chip = tag("span", f"chip {alert.state}", said_state)
                link(said, f"/alerts/{alert.id}?from={quote(model.to_query(self.view))}", data_open="")
                with tag("div", "row-meta"):
                    tag("span", "number", f"score {alert.score:.2f}")
                    if alert.last_seen > alert.first_seen:
                        tag("span", text=f"still seen {words.day(alert.last_seen)}")
                    tag("span", text=model.detail(alert.description))
            with tag("div", "row-actions"):
                if self.visit.may(Role.REVIEWER):
                    button("Confirm", data_does="confirm", aria_label=f"Confirm alert {alert.id}")
                    button("Dismiss…", data_does="dismiss", aria_label=f"Dismiss alert {alert.id}")
        self.rows[alert.id] = row, chip

    async def review(self, event: GenericEventArguments) -> None:
        """An action from the browser, one after another."""
        args = event.args if isinstance(event.args, dict) else {}
        try:
            step = await self.desk.review(args)
        except MonitorError as error:
            tell(str(error))
            return
        if step is None:
            tell("Nothing to take back on this page")
            return
        self.mark(step)
        tell(step.words + ("" if step.action is Action.UNDO or not step.changed else " · u takes it back"))

    def mark(self, step: Step) -> None:
        """Show the new states where the alerts stand; they leave the list when it is shown anew."""
        for alert_id, state in step.changed:
            if alert_id in self.rows:
                row, chip = self.rows[alert_id]
                undone = step.action is Action.UNDO
                row.classes(remove="is-settled") if undone else row.classes("is-settled")
                chip.classes(replace=f"chip {state}")
                chip.text = words.STATES[state]  # type: ignore[attr-defined]


def pictures(alert: InboxAlert, group: InboxGroup) -> None:
    """Before and after, small."""
    with tag("div", "pair"):
        if group.scene is None:
            return
        for side in ("before", "after"):
            source = model.picture(alert.id, group.scene.pk, side)
            tag("img", src=source, alt=side.capitalize(), loading="lazy", width="92", height="69")
