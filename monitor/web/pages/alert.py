"""One alert: before and after on a map, spectra, evidence in words, what became of it, and what was said."""

import logging
from urllib.parse import parse_qsl, quote

from fastapi import Request
from nicegui import APIRouter, ui
from nicegui.events import GenericEventArguments
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.errors import MonitorError, NotFoundError
from monitor.store.inbox import InboxPage, inbox
from monitor.store.scenes import SceneRow
from monitor.store.tracking import add_event
from monitor.web.access.users import Role
from monitor.web.pages import alert_model, reviewing, spectra, words
from monitor.web.pages import inbox_model as listing
from monitor.web.pages.alert_map import AlertMap
from monitor.web.pages.alert_model import AlertReport
from monitor.web.pages.desk import Desk
from monitor.web.pages.dialogs import dismiss_dialog, help_dialog
from monitor.web.pages.dom import button, cells, heading, link, moment, table, tag
from monitor.web.pages.inbox_model import InboxView
from monitor.web.pages.pictures import Subject
from monitor.web.pages.places import around
from monitor.web.pages.shell import Visit, back, frame, tell, trouble, visit_of

log = logging.getLogger(__name__)

router = APIRouter()


@router.page("/alerts/{alert_id}", response_timeout=60)
async def alert_page(request: Request, alert_id: int) -> None:
    """The page of one alert."""
    visit = visit_of(request)
    settings = visit.services.settings
    with frame(visit, f"Alert {alert_id}", "/inbox"):
        view = listing.from_query(dict(parse_qsl(request.query_params.get("from", ""))))

        def question(session: Session) -> tuple[AlertReport, InboxPage]:
            report = alert_model.gather(session, settings, alert_id)
            return report, inbox(session, view.wanted, limit=listing.GROUPS_A_PAGE, offset=view.offset)

        try:
            report, page = await visit.ask(question)
        except NotFoundError:
            back("/inbox", "Inbox")
            heading(1, f"No alert {alert_id}")
            tag("p", "muted", "It may have been removed with its scene.")
            return
        way(view, listing.neighbours(page.groups, alert_id))
        AlertPage(visit, report).build()


def way(view: InboxView, neighbours: tuple[int | None, int | None]) -> None:
    """Back to the list, and to the alerts before and after in it."""
    query = listing.to_query(view)
    with tag("nav", "crumbs line", aria_label="Place in the inbox"):
        link("← Inbox", f"/inbox?{query}" if query else "/inbox")
        for alert_id, text, key, step in zip(neighbours, ("Previous", "Next"), ("k", "j"), (-1, 1), strict=True):
            if alert_id is not None:
                with link(f"{text} ", f"/alerts/{alert_id}?from={quote(query)}", data_step=str(step)):
                    tag("kbd", "keys-only", key, aria_hidden="true")


class AlertPage:
    """One visitor's view of one alert."""

    def __init__(self, visit: Visit, report: AlertReport) -> None:
        self.visit = visit
        self.report = report
        self.map = AlertMap(report)
        self.scene = report.scene
        self.desk = Desk(visit)

    def build(self) -> None:
        """Everything on the page."""
        self.head()
        with tag("div", "columns"):
            with tag("div", "stack"):
                self.map.build()
                self.afterwards_card()
                self.events_card()
            with tag("div", "stack"):
                self.evidence_card()
                self.spectra_card()
        help_dialog(self.visit.may(Role.REVIEWER))
        if self.visit.may(Role.REVIEWER):
            dismiss_dialog()
            ui.on("review", self.review)

    def head(self) -> None:
        """What it is and what can be done."""
        alert = self.report.alert
        with tag("section", "page-head", data_alert=str(alert.id), aria_label=f"Alert {alert.id}"):
            with tag("div"):
                with tag("div", "line"):
                    tag("span", f"kind {alert.kind}", words.KINDS[alert.kind])
                    severity = self.report.severity
                    if alert.kind is Kind.ANOMALY:
                        tag("span", f"chip {severity.name.lower()}", f"{words.SEVERITIES[severity]} severity")
                    self.chip = tag("span", f"chip {alert.state}", words.STATES[alert.state])
                heading(1, self.report.title)
                if self.report.scene is not None:
                    tag("p", text=self.report.lead(self.report.scene.pk))
            if self.visit.may(Role.REVIEWER):
                with tag("div", "line", data_review=""):
                    button("Confirm", key="c", data_does="confirm", classes="primary")
                    button("Dismiss…", key="d", data_does="dismiss")
                    button("Acknowledge", key="a", data_does="acknowledge")
                    button("Reopen", key="r", data_does="reopen")
                    button("Undo", key="u", data_does="undo", icon="undo")

    def evidence_card(self) -> None:
        """What speaks for it, in the scene that is on the map."""
        with tag("section", "card", aria_label="Evidence"):
            heading(2, "Evidence")
            self.evidence = tag("dl", "facts")
        self.list_evidence()

    def list_evidence(self) -> None:
        """The evidence of the chosen scene."""
        report, scene = self.report, self.scene
        self.evidence.clear()
        with self.evidence:
            found = report.facts(scene.pk) if scene is not None else []
            for fact in found:
                tag("dt", text=fact.about)
                with tag("dd"):
                    tag("span", text=fact.found)
                    tag("p", text=fact.meaning)
            if not found:
                tag("dt", text="In this scene")
                tag("dd", text="nothing was found at this place")
            tag("dt", text="Score")
            tag("dd", "number", f"{report.alert.score:.2f}")
            tag("dt", text="Place")
            tag("dd", "number", report.place)
            if scene is not None:
                tag("dt", text="Scene")
                with tag("dd"):
                    tag("a", "mono small", scene.scene_id, href=f"/scenes/{scene.pk}")

    def spectra_card(self) -> None:
        """Spectra of the place, read after the page is there."""
        if self.report.alert.kind is not Kind.ANOMALY:
            return
        with tag("section", "card", aria_label="Spectra"):
            heading(2, "Spectra of the place")
            self.spectra = tag("div", "stack", aria_live="polite")
            with self.spectra:
                tag("p", "muted", "Reading the scene…")
        ui.timer(0.05, self.read_spectra, once=True)

    async def read_spectra(self) -> None:
        """Fill the card with the spectra in the scene that is on the map."""
        scene, report = self.scene, self.report
        if scene is None or report.grid is None:
            return
        subject = Subject(self.visit.services.settings, scene, around(report.grid, report.alert.bbox, 400))
        try:
            found = await self.visit.ask(lambda session: spectra.spectra_of(session, subject, report.alert.geometry))
        except MonitorError as error:
            self.spectra.clear()
            with self.spectra:
                trouble(str(error))
            return
        self.spectra.clear()
        with self.spectra:
            said = f"Mean reflectance by wavelength, {words.day(scene.datetime)} against the reference."
            tag("p", "muted small", said)
            ui.echart(spectra.chart(found), renderer="svg").classes("chart tall").props["aria-hidden"] = "true"
            with tag("details"):
                tag("summary", "small", "In figures")
                with table("Spectra of the place", ("Band", "before ", "after ", "change ", "label ")):
                    for row in spectra.as_table(found):
                        with tag("tr"):
                            cells(*row, right=range(1, 5))

    def afterwards_card(self) -> None:
        """What later scenes saw here; each can be put on the map."""
        report = self.report
        choices = alert_model.options(report.viewable, report.looks)
        with tag("section", "card stack", aria_label="What became of it"):
            heading(2, "What became of it")
            tag("p", text=alert_model.afterwards(report.looks, report.alert.state))
            self.look_buttons: dict[int, ui.element] = {}
            with tag("div", "looks"):
                for scene in report.viewable:
                    when, outcome = choices[scene.pk]
                    pressed = str(scene is self.scene).lower()
                    look = tag("button", f"look was-{outcome}", type="button", aria_pressed=pressed)
                    with look:
                        tag("span", "dot", aria_hidden="true")
                        tag("span", "number", words.day(when))
                        tag("span", "muted", str(outcome))
                    look.on("click", lambda _, chosen=scene: self.choose(chosen))
                    self.look_buttons[scene.pk] = look
            if len(report.viewable) > 1:
                tag("p", "muted small", "Choose a date to see it on the map.")

    async def choose(self, scene: SceneRow) -> None:
        """Another date on the map, and its spectra."""
        self.scene = scene
        for scene_pk, element in self.look_buttons.items():
            element.props["aria-pressed"] = str(scene_pk == scene.pk).lower()
            element.update()
        self.map.show(scene)
        self.list_evidence()
        if self.report.alert.kind is Kind.ANOMALY:
            await self.read_spectra()

    def events_card(self) -> None:
        """What happened to it, and room for a word."""
        with tag("section", "card stack", aria_label="Events and comments"):
            heading(2, "Events and comments")
            self.events = tag("ol", "events")
            self.list_events()
            if self.visit.may(Role.REVIEWER):
                with tag("div", "field"):
                    naming = tag("label", text="Comment")
                    box = ui.element("textarea").classes("input")
                    box.props["rows"], box.props["maxlength"] = "2", str(reviewing.LONGEST_NOTE)
                    naming.props["for"] = box.html_id
                box.on("change", lambda event: setattr(self, "draft", str(event.args)), js_handler=VALUE)
                self.draft, self.box = "", box
                with tag("div", "line"):
                    button("Add comment", self.comment)

    def list_events(self) -> None:
        """The events in order."""
        self.events.clear()
        with self.events:
            for event in self.report.events:
                with tag("li"):
                    moment(event.time)
                    tag("span", text=f"{alert_model.event_words(event)} by {event.author}")
                    if event.note:
                        tag("span", "said", event.note)

    async def comment(self) -> None:
        """Add what was written."""
        note, author, alert_id = reviewing.note_of(self.draft), self.visit.user.name, self.report.alert.id
        if note is None:
            tell("Write something first")
            return
        try:
            await self.visit.change(
                Role.REVIEWER, lambda session: add_event(session, alert_id, "comment", author=author, note=note)
            )
        except MonitorError as error:
            tell(str(error))
            return
        self.draft = ""
        ui.run_javascript(f"document.getElementById({self.box.html_id!r}).value = ''")
        await self.reload()

    async def review(self, event: GenericEventArguments) -> None:
        """Confirm, dismiss, take back: this alert, whatever else the order names."""
        args = event.args if isinstance(event.args, dict) else {}
        try:
            step = await self.desk.review({**args, "ids": [self.report.alert.id]})
        except MonitorError as error:
            tell(str(error))
            return
        tell(step.words if step else "Nothing to take back on this page")
        await self.reload()

    async def reload(self) -> None:
        """State and events as they are now."""

        def question(session: Session) -> AlertReport:
            return alert_model.gather(session, self.visit.services.settings, self.report.alert.id)

        self.report = await self.visit.ask(question)
        self.chip.classes(replace=f"chip {self.report.alert.state}")
        self.chip.text = words.STATES[self.report.alert.state]  # type: ignore[attr-defined]
        self.list_events()


VALUE = "(event) => emit(event.target.value)"
