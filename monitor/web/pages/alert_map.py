"""The map of an alert: before and after, the layers above them, and what their colours mean."""

from monitor.store.scenes import SceneRow
from monitor.web.pages import alert_model, words
from monitor.web.pages.alert_model import AlertReport
from monitor.web.pages.dom import heading, tag
from monitor.web.pages.media import SIZES_PX
from monitor.web.pages.places import around
from monitor.web.pages.shell import trouble
from monitor.web.pages.swipe import Layer, Outline, SwipeMap
from monitor.web.pages.tokens import SHARED

LAYERS = {
    "flags": ("Clouds, shadows, anomalies", "after-layers", 0.75),
    "labels": ("Labels of both", "after-layers", 0.9),
    "borders": ("Misaligned borders", "after-layers", 1.0),
}


class AlertMap:
    """One visitor's map: the scene on it, and the layers that are shown."""

    def __init__(self, report: AlertReport) -> None:
        self.report = report
        self.scene: SceneRow | None = None
        self.layers: set[str] = set()
        self.outlined = True

    def build(self) -> None:
        """Before and after with a swipe, and the layers above."""
        report = self.report
        with tag("section", "card stack", aria_label="Before and after"):
            heading(2, "Before and after")
            if report.scene is None or report.grid is None:
                trouble("No scene with this alert is in the database any more.")
                return
            place = around(report.grid, report.alert.bbox, SIZES_PX["full"])
            self.map = SwipeMap(f"Map of alert {report.alert.id}, before and after", *place.size_m)
            rings = place.rings(report.alert.geometry)[: alert_model.LARGEST_OUTLINE]
            self.outline = Outline(rings, SHARED[str(report.alert.kind)])
            with tag("fieldset", "layers plain"):
                tag("legend", "visually-hidden", "Layers")
                self.layer_box("outline", "Outline", True)
                for name, (text, _, _) in LAYERS.items():
                    self.layer_box(name, text, False)
            self.legend = tag("div", "legend")
            self.show(report.scene)

    def layer_box(self, name: str, text: str, on: bool) -> None:
        """A box that shows or hides a layer."""
        with tag("label"):
            box = tag("input", type="checkbox", checked=True if on else None, data_layer=name)
            box.on("change", lambda event: self.toggle(name, bool(event.args)), js_handler=CHECKED)
            tag("span", text=text)

    def toggle(self, name: str, on: bool) -> None:
        """Show or hide a layer."""
        if name == "outline":
            self.outlined = on
        else:
            (self.layers.add if on else self.layers.discard)(name)
        if self.scene is not None:
            self.show(self.scene)

    def show(self, scene: SceneRow) -> None:
        """The pictures of a scene on the map."""
        self.scene = scene
        address = f"/pictures/alerts/{self.report.alert.id}/{scene.pk}"
        before = (f"{address}/before", f"Before: {self.report.reference_day or 'reference'}")
        self.map.show_pictures(before, (f"{address}/after", f"After: {words.day(scene.datetime)}"))
        layers = [Layer(name, f"{address}/{name}", *pane(name)) for name in LAYERS if name in self.layers]
        if "labels" in self.layers:
            said = "Labels of the reference"
            layers.append(Layer("reference-labels", f"{address}/reference-labels", "before-layers", said, 0.9))
        self.map.show_layers(layers)
        self.explain_layers()
        self.map.show_outlines([self.outline] if self.outlined else [])

    def explain_layers(self) -> None:
        """What the colours of the layers mean."""
        report = self.report
        kinds = [(f"var(--{kind})", name.lower()) for kind, name in words.KINDS.items()]
        labels = [
            (colour, f"{name} (label {n})")
            for n, (colour, name) in enumerate(zip(report.colours, report.names, strict=False))
        ]
        borders = [("var(--appeared)", "border that was not there"), ("var(--vanished)", "border that is gone")]
        self.legend.clear()
        with self.legend:
            for layer, entries in (("flags", kinds), ("labels", labels), ("borders", borders)):
                for colour, text in entries if layer in self.layers else ():
                    with tag("span", "nowrap"):
                        tag("span", "swatch", style=f"background: {colour}", aria_hidden="true")
                        tag("span", text=f" {text}")


def pane(name: str) -> tuple[str, str, float]:
    """Pane, text and opacity of a layer."""
    text, where, opacity = LAYERS[name]
    return where, text, opacity


CHECKED = "(event) => emit(event.target.checked)"
