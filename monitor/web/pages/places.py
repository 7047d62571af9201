"""Parts of a monitor's grid as pictures: a window, and the coarser grid on which it is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from affine import Affine
from rasterio.warp import transform_geom
from shapely.geometry import shape

from monitor.scenes.grid import Grid
from monitor.store.windows import Window

MARGIN = 0.6
"""Ground around an outline on each side, in parts of its longer side."""
LEAST_PX = 72
"""Shortest side of a window: a ship of two pixels needs water around it to be seen as one."""
ASPECT = 4 / 3


@dataclass(frozen=True)
class Place:
    """A window of the monitor's grid, drawn with every `step` pixels as one."""

    monitor_grid: Grid
    window: Window
    step: int

    @property
    def exact(self) -> Grid:
        """The window's grid in the monitor's pixels."""
        transform = self.monitor_grid.transform @ Affine.translation(self.window.column, self.window.row)
        return Grid(self.monitor_grid.crs, transform, self.window.height, self.window.width)

    @property
    def drawn(self) -> Grid:
        """The picture's grid."""
        step, exact = self.step, self.exact
        rows, columns = -(-exact.height // step), -(-exact.width // step)
        return Grid(exact.crs, exact.transform @ Affine.scale(step), rows, columns)

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height of the picture, metres."""
        left, bottom, right, top = self.drawn.bounds
        return right - left, top - bottom

    def rings(self, geometry: Mapping[str, Any]) -> list[list[list[tuple[float, float]]]]:
        """Polygons of a GeoJSON geometry (WGS 84) as rings of (y, x), metres from the picture's lower left corner."""
        moved = transform_geom("EPSG:4326", self.drawn.crs, geometry)
        polygons = [moved["coordinates"]] if moved["type"] == "Polygon" else moved["coordinates"]
        left, bottom = self.drawn.bounds[:2]
        return [[[(y - bottom, x - left) for x, y, *_ in ring] for ring in polygon] for polygon in polygons]


def whole(grid: Grid, most_px: int) -> Place:
    """Everything, in a picture of at most so many pixels a side."""
    return Place(grid, Window(0, 0, grid.height, grid.width), step_for(grid.height, grid.width, most_px))


def around(grid: Grid, bbox: Sequence[float], most_px: int) -> Place:
    """The surroundings of a box in degrees, four to three, inside the grid as far as that is possible."""
    west, south, east, north = bbox
    box = {"type": "Polygon", "coordinates": [[(west, south), (east, south), (east, north), (west, north)]]}
    box["coordinates"][0].append((west, south))  # type: ignore[attr-defined]
    left, bottom, right, top = shape(transform_geom("EPSG:4326", grid.crs, box)).bounds
    (first_column, first_row), (last_column, last_row) = (
        ~grid.transform * (left, top),
        ~grid.transform * (right, bottom),
    )
    columns, rows = last_column - first_column, last_row - first_row
    margin = 2 * MARGIN * max(columns, rows)
    height = max(rows + margin, (columns + margin) / ASPECT, LEAST_PX)
    width = max(height * ASPECT, columns + margin)
    row, height_px = span((first_row + last_row) / 2, height, grid.height)
    column, width_px = span((first_column + last_column) / 2, width, grid.width)
    return Place(grid, Window(row, column, height_px, width_px), step_for(height_px, width_px, most_px))


def span(middle: float, length: float, limit: int) -> tuple[int, int]:
    """Start and length of a span of whole pixels around a middle, moved and cut to lie in 0..limit."""
    size = min(max(round(length), 1), limit)
    return min(max(round(middle - size / 2), 0), limit - size), size


def step_for(height: int, width: int, most_px: int) -> int:
    """How many pixels become one."""
    return max(1, -(-max(height, width) // most_px))
