"""The history of a pixel, and of the ground inside an outline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.warp import transform, transform_bounds
from shapely import make_valid
from shapely.geometry import box, mapping, shape
from sqlalchemy.orm import Session

from monitor.clustering.labels import NO_LABEL
from monitor.detection.result import Flag
from monitor.errors import NotFoundError, QueryError
from monitor.history.reference_labels import Box, label_distances, reference_labels
from monitor.scenes.grid import Grid
from monitor.scenes.layout import area_mask, projected
from monitor.store.monitors import find_monitor, get_grid
from monitor.store.places import Window, area_labels, pixel_labels

FLAG_NAMES = {flag.value: flag.name.lower().replace("_", " ") for flag in Flag}
Record = dict[str, Any]
AROUND = 0.1
"""Degrees around the grid; what of an outline lies beyond cannot always be laid on it, and need not be."""


@dataclass(frozen=True)
class Span:
    """Scenes acquired at or after `since`, and before `until`."""

    since: datetime | None = None
    until: datetime | None = None


EVER = Span()


def pixel_records(
    session: Session, models_dir: Path | None, monitor: str, lon: float, lat: float, span: Span = EVER
) -> list[Record]:
    """One row a scene: label, reference label, flag and spectral distance of the pixel at that place (degrees).

    The distance is that between the two labels' centroids in the reference's scaled feature space: the strength
    that a border between them would have, 0 for the same label. None stands for what is not known: no data, or
    no reference there. Raises NotFoundError without such a monitor, QueryError for a place outside its grid.
    """
    monitor_id, grid = monitor_grid(session, monitor)
    row, col = pixel_at(grid, lon, lat, monitor)

    @cache
    def at_reference(version: int) -> int | None:
        labels = reference_labels(session, models_dir, monitor_id, version, Box(row, col))
        return None if labels is None or labels[0, 0] == NO_LABEL else int(labels[0, 0])

    @cache
    def distances(version: int) -> NDArray[np.float32] | None:
        return label_distances(session, monitor_id, version)

    records = []
    for look in list(pixel_labels(session, monitor_id, row, col, since=span.since, until=span.until)):
        version = look.reference_version
        label = None if look.label == NO_LABEL else look.label
        before = None if version is None else at_reference(version)
        table = None if version is None else distances(version)
        records.append(
            {
                "scene_id": look.scene_id,
                "datetime": look.datetime,
                "reference_version": version,
                "label": label,
                "reference_label": before,
                "flag": FLAG_NAMES[look.flag],
                "spectrum_distance": distance(table, label, before),
            }
        )
    return records


def distance(table: NDArray[np.float32] | None, label: int | None, before: int | None) -> float | None:
    """Between two labels by their table (k, k); None where one of the three is not known."""
    if table is None or label is None or before is None:
        return None
    return float(table[label, before])


def area_records(session: Session, monitor: str, geometry: Mapping[str, Any], span: Span = EVER) -> list[Record]:
    """One row a scene, label and flag: pixels, area and share of the outline (GeoJSON in WGS 84).

    A pixel counts when its centre lies inside. Raises NotFoundError without such a monitor, QueryError for an
    outline that has no pixel of the monitor's grid in it.
    """
    monitor_id, grid = monitor_grid(session, monitor)
    window = window_of(grid, geometry, monitor)
    total = int(window.mask.sum())
    return [
        {
            "scene_id": look.scene_id,
            "datetime": look.datetime,
            "reference_version": look.reference_version,
            "label": None if label == NO_LABEL else label,
            "flag": FLAG_NAMES[flag],
            "pixels": pixels,
            "area_m2": pixels * grid.pixel_area_m2,
            "share": pixels / total,
        }
        for look in area_labels(session, monitor_id, window, since=span.since, until=span.until)
        for (label, flag), pixels in sorted(look.pixels.items())
    ]


def monitor_grid(session: Session, monitor: str) -> tuple[int, Grid]:
    """Number and grid of a monitor; NotFoundError without one."""
    monitor_id = find_monitor(session, monitor)
    grid = get_grid(session, monitor_id)
    if grid is None:
        raise NotFoundError(f"monitor {monitor} has no grid yet; `monitor scan` fits its reference first")
    return monitor_id, grid


def pixel_at(grid: Grid, lon: float, lat: float, monitor: str) -> tuple[int, int]:
    """Row and column of the pixel at a place; QueryError outside the grid."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise QueryError(
            f"longitude {lon:g}, latitude {lat:g} are not degrees on Earth; give --lon and --lat in WGS 84"
        )
    west, south, east, north = degrees_of(grid)
    if west <= lon <= east and south <= lat <= north:
        (x,), (y,) = transform("EPSG:4326", grid.crs, [lon], [lat])
        col, row = ~grid.transform @ (x, y)
        if 0 <= row < grid.height and 0 <= col < grid.width:
            return int(row), int(col)
    raise QueryError(
        f"longitude {lon:g}, latitude {lat:g} lie outside the area of monitor {monitor}, which is {span_of(grid)}"
    )


def window_of(grid: Grid, geometry: Mapping[str, Any], monitor: str) -> Window:
    """The part of the grid that an outline takes; QueryError if it takes none."""
    west, south, east, north = degrees_of(grid)
    near = make_valid(shape(geometry)).intersection(box(west - AROUND, south - AROUND, east + AROUND, north + AROUND))
    if near.area == 0:
        raise outside(grid, monitor)
    geometry = mapping(near)
    left, bottom, right, top = projected(geometry, grid.crs).bounds
    corners = [~grid.transform @ (left, top), ~grid.transform @ (right, bottom)]
    first_col, first_row = (max(int(np.floor(value)), 0) for value in corners[0])
    last_col = min(int(np.ceil(corners[1][0])), grid.width)
    last_row = min(int(np.ceil(corners[1][1])), grid.height)
    if last_row > first_row and last_col > first_col:
        moved = grid.transform @ Affine.translation(first_col, first_row)
        part = Grid(grid.crs, moved, last_row - first_row, last_col - first_col)
        mask = area_mask(geometry, part)
        if mask.any():
            return Window(first_row, first_col, mask)
    raise outside(grid, monitor)


def outside(grid: Grid, monitor: str) -> QueryError:
    """What to say about an outline that has nothing of the monitor in it."""
    return QueryError(
        f"no pixel of monitor {monitor} has its centre inside the outline; the monitor's area is {span_of(grid)}"
    )


def degrees_of(grid: Grid) -> tuple[float, float, float, float]:
    """West, south, east, north of everything that a grid covers."""
    west, south, east, north = transform_bounds(grid.crs, "EPSG:4326", *grid.bounds)
    return west, south, east, north


def span_of(grid: Grid) -> str:
    """A grid's extent in degrees, for messages."""
    west, south, east, north = degrees_of(grid)
    return f"{west:.4f}..{east:.4f} east, {south:.4f}..{north:.4f} north"
