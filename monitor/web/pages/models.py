"""Models: which reference scenes are compared with, fitting another one, and the way back."""

import asyncio

from fastapi import Request
from nicegui import APIRouter, ui
from nicegui.element import Element
from sqlalchemy.orm import Session

from monitor.errors import MonitorError, RequestError
from monitor.store.monitors import find_monitor
from monitor.store.references import ReferenceRow, activate_reference
from monitor.web.access.users import Role
from monitor.web.pages import models_model as model
from monitor.web.pages.dom import button, heading, link, moment, prose, select, table, tag
from monitor.web.pages.models_model import MonitorModels
from monitor.web.pages.shell import Visit, frame, page_head, tell, trouble, visit_of
from monitor.web.retrain import retrain
from monitor.web.tasks import Task, TaskState

router = APIRouter()

COLUMNS = ("Version", "Use", "Fitted on", "Labels ", "Area known ", "Why so many labels", "Fitted", "")
LOOK_S = 0.5


@router.page("/models", response_timeout=60)
async def models_page(request: Request) -> None:
    """Every monitor's versions."""
    visit = visit_of(request)
    with frame(visit, "Models", "/models"):
        page_head("Models", "Scenes are compared with the active version; earlier results stay as they were.")
        found = await visit.ask(lambda session: model.gather(session, visit.services.settings))
        for models in found:
            ModelCard(visit, models).build()
        if not found:
            with tag("div", "card empty"):
                heading(2, "No monitor")
                prose("`monitors` of config.yaml says what is watched.")


class ModelCard:
    """One monitor: its versions, and the form for another one."""

    def __init__(self, visit: Visit, models: MonitorModels) -> None:
        self.visit = visit
        self.models = models
        self.scene = model.AUTO
        self.k = ""

    def build(self) -> None:
        """Everything of the monitor."""
        with tag("section", "card stack", aria_label=f"Models of {self.models.name}") as self.section:
            heading(2, self.models.name)
            self.versions = tag("div")
            self.list_versions()
            if self.visit.may(Role.ADMIN) and self.models.configured:
                self.form()
            self.progress = tag("div", "stack", aria_live="polite")
        self.watch()

    def list_versions(self) -> None:
        """The versions, the newest first."""
        self.versions.clear()
        with self.versions:
            if not self.models.versions:
                tag("p", "muted", "No version yet: the first scan fits one, or you do it here.")
                return
            with table(f"Versions of {self.models.name}", COLUMNS):
                for row in self.models.versions:
                    with tag("tr"):
                        self.version_cells(row)

    def version_cells(self, row: ReferenceRow) -> None:
        """One version."""
        tag("td", "number", str(row.version))
        with tag("td"):
            if row.active:
                tag("span", "chip active", "Active")
        with tag("td"):
            if row.scene_id in self.models.scenes:
                link(row.scene_id, f"/scenes/{self.models.scenes[row.scene_id]}", "mono nowrap")
            else:
                tag("span", "mono", row.scene_id)
        tag("td", "right", str(row.k))
        tag("td", "right", model.known_share(row))
        tag("td", "wide muted", str(row.metrics.get("reason", "")))
        with tag("td"):
            moment(row.created_at)
        with tag("td"):
            if not row.active and self.visit.may(Role.ADMIN):
                button("Activate", lambda: self.activate(row.version), aria_label=f"Activate version {row.version}")

    async def activate(self, version: int) -> None:
        """Another version in use."""
        name = self.models.name

        def deed(session: Session) -> None:
            activate_reference(session, find_monitor(session, name), version)

        try:
            await self.visit.change(Role.ADMIN, deed)
        except MonitorError as error:
            tell(str(error))
            return
        tell(f"{name}: version {version} is active; scenes are compared with it from now on")
        await self.reload()

    async def reload(self) -> None:
        """The versions as they are now."""
        found = await self.visit.ask(lambda session: model.gather(session, self.visit.services.settings))
        self.models = next((models for models in found if models.name == self.models.name), self.models)
        self.list_versions()

    def form(self) -> None:
        """Scene and number of labels of another version."""
        with tag("details"):
            tag("summary", text="Fit another version")
            with tag("div", "filters"):
                choices = model.choices(self.models)
                select("Clear scene", choices, model.AUTO, lambda value: setattr(self, "scene", value))
                ks = {"": "As configured"} | {str(k): str(k) for k in range(2, 21)}
                select("Labels", ks, "", lambda value: setattr(self, "k", value))
                self.start_button = button("Fit and activate", self.start, classes="primary", icon="play_arrow")

    async def start(self) -> None:
        """Queue the fit; the card says how far it is."""
        name, user, services = self.models.name, self.visit.user, self.visit.services
        scene, k = self.scene, int(self.k) if self.k else None
        try:
            await asyncio.to_thread(self.visit.require, Role.ADMIN)
            if scene not in model.choices(self.models):
                raise RequestError(f"no scene {scene!r} to fit on")
            services.tasks.start(
                f"retrain {name}", user.name, lambda said: retrain(services.settings, name, scene, k, said)
            )
        except MonitorError as error:
            tell(str(error))
            return
        self.watch()

    def task(self) -> Task | None:
        """The last fit of this monitor that this server knows of."""
        return next(
            (task for task in self.visit.services.tasks.all() if task.name == f"retrain {self.models.name}"), None
        )

    def watch(self) -> None:
        """Show how far the fit is, until it is over."""
        task = self.task()
        self.progress.clear()
        if task is None or (task.is_over and task.state is TaskState.DONE and self.is_listed(task)):
            return
        with self.progress:
            watcher = Progress(self, task)
        with self.section:
            watcher.timer = ui.timer(LOOK_S, watcher.look)

    def is_listed(self, task: Task) -> bool:
        """Whether the version that a fit gave is on the page already."""
        version = (task.result or {}).get("version")
        return any(row.version == version for row in self.models.versions)


class Progress:
    """The bar of one fit."""

    def __init__(self, card: ModelCard, task: Task) -> None:
        self.card = card
        self.task_id = task.id
        self.timer: ui.timer | None = None
        self.lock = asyncio.Lock()
        self.said = tag("p", "small", text=f"Fitting for {task.author}: {task.step or 'waiting for its turn'}")
        bar = tag(
            "div",
            "progress",
            role="progressbar",
            aria_label="Progress of the fit",
            aria_valuemin="0",
            aria_valuemax="100",
        )
        self.bar: Element = bar
        with bar:
            self.filled = tag("div", style="width: 2%")

    async def look(self) -> None:
        """How far it is."""
        if self.lock.locked():
            return
        async with self.lock:
            task = self.card.visit.services.tasks.get(self.task_id)
            percent = round(100 * task.progress)
            self.filled.style(f"width: {max(percent, 2)}%")
            self.bar.props["aria-valuenow"] = str(percent)
            self.said.text = f"Fitting for {task.author}: {task.step or 'waiting for its turn'}"  # type: ignore[attr-defined]
            if task.is_over:
                await self.end(task)

    async def end(self, task: Task) -> None:
        """What came of it."""
        if self.timer is not None:
            self.timer.cancel()
        self.card.progress.clear()
        await self.card.reload()
        with self.card.progress:
            if task.state is TaskState.FAILED:
                trouble(task.error or "the fit failed")
                return
            result = task.result or {}
            tag(
                "p",
                "note",
                f"Version {result.get('version')} is fitted and active: {result.get('reason')}",
                role="status",
            )
