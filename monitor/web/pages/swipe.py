"""The map on which two pictures of one place are compared."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import nicegui
from nicegui.element import Element

LEAFLET = Path(nicegui.__file__).parent / "elements" / "leaflet" / "dist"
"""NiceGUI's wheel brings Leaflet along; its map knows geographic coordinates only, ours is in metres of the grid."""


@dataclass(frozen=True)
class Layer:
    """A picture above the others; `pane` is `before-layers` or `after-layers`."""

    name: str
    url: str
    pane: str
    text: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Outline:
    """Rings of (y, x) in metres from the lower left corner, in one colour."""

    rings: list[list[list[tuple[float, float]]]]
    colour: str


class SwipeMap(Element, component="assets/swipe_map.js", esm={"nicegui-leaflet": str(LEAFLET)}):
    """`before` and `after` are addresses of pictures of the same extent, of that size in metres."""

    def __init__(self, label: str, width_m: float, height_m: float) -> None:
        super().__init__()
        self.add_resource(LEAFLET)
        self.props["label"] = label
        self.props["range-label"] = "Swipe between before and after"
        self.props["width"] = width_m
        self.props["height"] = height_m

    def show_pictures(self, before: tuple[str, str] | None, after: tuple[str, str] | None) -> None:
        """Address and label of each side; a side of None leaves the other one alone on the map."""
        for side, picture in (("before", before), ("after", after)):
            self.props[side] = picture[0] if picture else ""
            self.props[f"{side}-label"] = picture[1] if picture else ""
        self.update()

    def show_layers(self, layers: Sequence[Layer]) -> None:
        """These layers and no others."""
        self.props["layers"] = [asdict(layer) for layer in layers]
        self.update()

    def show_outlines(self, outlines: Sequence[Outline]) -> None:
        """These outlines and no others."""
        self.props["outlines"] = [asdict(outline) for outline in outlines]
        self.update()
