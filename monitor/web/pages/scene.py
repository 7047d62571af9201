"""One scene: any three bands on a map with its layers, labels, sweep, figures, alerts, and another try."""

from functools import partial

from fastapi import Request
from nicegui import APIRouter, ui

from monitor.detection.words import hectares
from monitor.errors import MonitorError, NotFoundError
from monitor.spectrum import BAND_NAMES
from monitor.store import queue
from monitor.store.tables import SceneState
from monitor.web.access.users import Role
from monitor.web.pages import scene_model as model
from monitor.web.pages import words
from monitor.web.pages.dom import button, cells, facts, heading, link, moment, select, table, tag
from monitor.web.pages.media import SIZES_PX
from monitor.web.pages.pictures import best_bands
from monitor.web.pages.places import whole
from monitor.web.pages.scene_model import SceneReport
from monitor.web.pages.shell import Visit, back, frame, tell, trouble, visit_of
from monitor.web.pages.swipe import Layer, SwipeMap

router = APIRouter()

LAYERS = {
    "flags": ("Clouds, shadows, anomalies", 0.75),
    "labels": ("Labels", 0.95),
    "borders": ("Misaligned borders", 1.0),
}
CHANNELS = ("Red", "Green", "Blue")


@router.page("/scenes/{scene_pk}", response_timeout=60)
async def scene_page(request: Request, scene_pk: int) -> None:
    """The page of one scene."""
    visit = visit_of(request)
    settings = visit.services.settings
    with frame(visit, f"Scene {scene_pk}", "/scenes"):
        back("/scenes", "Scenes")
        try:
            report = await visit.ask(lambda session: model.gather(session, settings, scene_pk))
        except NotFoundError:
            heading(1, f"No scene {scene_pk}")
            return
        ui.page_title(f"{report.scene.scene_id} · Landsat monitor")
        ScenePage(visit, report).build()


class ScenePage:
    """One visitor's view of one scene."""

    def __init__(self, visit: Visit, report: SceneReport) -> None:
        self.visit = visit
        self.report = report
        self.bands = list(best_bands(report.bands)) if report.bands else []
        self.layers: set[str] = set()

    def build(self) -> None:
        """Everything on the page."""
        report, scene = self.report, self.report.scene
        self.head()
        if scene.error:
            tag("div", "note bad" if scene.state is not SceneState.SKIPPED else "note", scene.error)
        if report.trouble:
            trouble(report.trouble)
        if report.figures:
            with tag("section", "card", aria_label="Figures"):
                facts(report.figures)
        with tag("div", "columns"):
            with tag("div", "stack"):
                self.map_card()
                self.alerts_card()
            with tag("div", "stack"):
                self.sweep_card()
                self.legend_card()
        self.stats_card()

    def head(self) -> None:
        """Which scene, in which state, and another try where that makes sense."""
        scene = self.report.scene
        with tag("div", "page-head"):
            with tag("div"):
                with tag("div", "line"):
                    self.chip = tag("span", f"chip {scene.state}", words.SCENE_STATES[scene.state])
                    tag("span", "muted small", f"{scene.monitor}, catalog {scene.catalog}")
                heading(1, scene.scene_id, "mono-title")
                with tag("p"):
                    moment(scene.datetime)
                    sun = f"sun {scene.sun_elevation:.0f}° high, " if scene.sun_elevation is not None else ""
                    cover = (
                        f"{scene.cloud_cover:.0f} % cloud says the catalog, " if scene.cloud_cover is not None else ""
                    )
                    tried = words.count(scene.attempts, "attempt")
                    tag("span", text=f" · {sun}{cover}{tried}, product {scene.product_id}")
            if scene.state in queue.RETRYABLE and self.visit.may(Role.ADMIN):
                self.again = button("Try again", self.retry, icon="replay", classes="primary")

    async def retry(self) -> None:
        """Back into the queue."""
        try:
            await self.visit.change(Role.ADMIN, lambda session: queue.try_again(session, self.report.scene.pk))
        except MonitorError as error:
            tell(str(error))
            return
        self.again.delete()
        self.chip.classes(replace=f"chip {SceneState.DISCOVERED}")
        self.chip.text = words.SCENE_STATES[SceneState.DISCOVERED]  # type: ignore[attr-defined]
        tell("In the queue again; the next pass takes it")

    def map_card(self) -> None:
        """The scene against its reference, in any three bands."""
        report = self.report
        with tag("section", "card stack", aria_label="Composite"):
            heading(2, "Composite")
            if report.grid is None or not self.bands:
                tag("p", "muted", "There is no grid yet: the first reference lays it out.")
                return
            with tag("div", "filters"):
                for number, channel in enumerate(CHANNELS):
                    names = {band: BAND_NAMES.get(band, band) for band in report.bands}
                    select(channel, names, self.bands[number], partial(self.choose_band, number))
            place = whole(report.grid, SIZES_PX["full"])
            self.map = SwipeMap(f"Map of scene {report.scene.scene_id}, before and after", *place.size_m)
            if report.scene.state is SceneState.DONE:
                with tag("fieldset", "layers plain"):
                    tag("legend", "visually-hidden", "Layers")
                    for name, (text, _) in LAYERS.items():
                        self.layer_box(name, text)
            self.show()

    def layer_box(self, name: str, text: str) -> None:
        """A box that shows or hides a layer."""
        with tag("label"):
            box = tag("input", type="checkbox", data_layer=name)
            box.on("change", lambda event: self.toggle(name, bool(event.args)), js_handler=CHECKED)
            tag("span", text=text)

    def toggle(self, name: str, on: bool) -> None:
        """Show or hide a layer."""
        (self.layers.add if on else self.layers.discard)(name)
        self.show()

    def choose_band(self, number: int, band: str) -> None:
        """Another band in one channel."""
        if band in self.report.bands:
            self.bands[number] = band
            self.show()

    def show(self) -> None:
        """The pictures and layers on the map."""
        scene = self.report.scene
        address, bands = f"/pictures/scenes/{scene.pk}", ",".join(self.bands)
        before = (f"{address}/before?bands={bands}", f"Before: {self.report.reference_day or 'reference'}")
        compared = scene.reference_version is not None and not self.report.trouble
        after = (
            f"{address}/after?bands={bands}",
            f"After: {words.day(scene.datetime)}" if compared else words.day(scene.datetime),
        )
        self.map.show_pictures(before if compared else None, after)
        layers = [
            Layer(name, f"{address}/{name}", "after-layers", *LAYERS[name]) for name in LAYERS if name in self.layers
        ]
        if "labels" in self.layers and compared:
            layers.append(
                Layer("reference-labels", f"{address}/reference-labels", "before-layers", "Labels before", 0.95)
            )
        self.map.show_layers(layers)

    def alerts_card(self) -> None:
        """The alerts that it had a part in."""
        if not self.report.alerts:
            return
        with tag("section", "card", aria_label="Alerts"):
            heading(2, words.count(len(self.report.alerts), "alert"))
            with table("Alerts of this scene", ("Alert", "Kind", "State", "Area ", "Score ")):
                for alert in self.report.alerts:
                    with tag("tr"):
                        with tag("td"):
                            link(str(alert.id), f"/alerts/{alert.id}")
                        with tag("td"):
                            tag("span", f"kind {alert.kind}", words.KINDS[alert.kind])
                        with tag("td"):
                            tag("span", f"chip {alert.state}", words.STATES[alert.state])
                        tag("td", "right", hectares(alert.area_m2))
                        tag("td", "right", f"{alert.score:.2f}")

    def sweep_card(self) -> None:
        """Inertia and silhouette over k."""
        if not self.report.sweep:
            return
        with tag("section", "card", aria_label="Choice of k"):
            heading(2, "Choice of k")
            chart = ui.echart(model.sweep_chart(self.report.sweep), renderer="svg").classes("chart")
            chart.props["aria-hidden"] = "true"
            tag("p", "small muted", self.report.chosen_reason)
            with tag("details"):
                tag("summary", "small", "In figures")
                with table("Inertia and silhouette by k", ("k", "Inertia ", "Silhouette ")):
                    for row in model.sweep_rows(self.report.sweep):
                        with tag("tr"):
                            cells(*row, right=(1, 2))

    def legend_card(self) -> None:
        """What each label is, and its colour on the map."""
        report = self.report
        if not report.colours:
            return
        with tag("section", "card", aria_label="Labels"):
            heading(2, "Labels")
            sizes = {stat.label: stat for stat in report.stats}
            total = sum(stat.pixels for stat in report.stats) or 1
            with table("Legend of the label map", ("", "Label", "Area ", "Share ")):
                for label, colour in enumerate(report.colours):
                    stat = sizes.get(label)
                    with tag("tr"):
                        with tag("td"):
                            tag("span", "swatch", style=f"background: {colour}", aria_hidden="true")
                        tag("td", text=model.name_of(label, report.names))
                        tag("td", "right", hectares(stat.area_m2) if stat else "–")
                        tag("td", "right", words.percent(stat.pixels / total if stat else 0.0))

    def stats_card(self) -> None:
        """Reflectance of every label in every band."""
        report = self.report
        if not report.stats:
            return
        with tag("section", "card", aria_label="Label statistics"):
            heading(2, "Reflectance by label")
            columns, rows = model.stats_rows(report)
            with table("Mean and standard deviation of the reflectance by label and band", columns):
                for label, values in rows:
                    with tag("tr"):
                        tag("td", "nowrap", model.name_of(label, report.names))
                        for value in values:
                            tag("td", "right", value)
            self.spreads()

    def spreads(self) -> None:
        """Quantiles and unique values of every label in every band, folded."""
        columns, rows = model.spread_rows(self.report)
        if not rows:
            return
        with tag("details"):
            tag("summary", "small", "Quantiles and unique values")
            with table("Quantiles and number of unique values of the reflectance by label and band", columns):
                for label, (band, *values) in rows:
                    with tag("tr"):
                        tag("td", "nowrap", model.name_of(label, self.report.names))
                        tag("td", text=band)
                        for value in values:
                            tag("td", "right", value)


CHECKED = "(event) => emit(event.target.checked)"
