"""The picture of one alert: its place in the reference and in a scene, its spectra, and what became of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from affine import Affine
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rasterio.warp import transform_geom
from shapely.geometry import shape
from sqlalchemy.orm import Session

from monitor import plots
from monitor.catalog.aoi import load_area
from monitor.clustering.files import load_model
from monitor.clustering.model import ReferenceModel
from monitor.config import Settings
from monitor.detection.facts import facts
from monitor.detection.words import hectares, spectrum_of
from monitor.errors import NotFoundError
from monitor.pipeline import read_for
from monitor.plots.alert_chart import Spectra, View
from monitor.scenes.grid import Grid
from monitor.snapshot import PREFERRED
from monitor.spectrum import wavelength_order
from monitor.store.alert_history import AlertHistory, Sighting, alert_history
from monitor.store.history import label_stats_of
from monitor.store.references import get_reference
from monitor.store.scenes import SceneRow, get_scene, item_of
from monitor.training import model_file

MARGIN = 0.7
"""Ground around the outline on each side, in parts of its longer side."""
LEAST_PX = 60
"""Shortest side of the maps: a ship of two pixels needs water around it."""


def alert_picture(session: Session, settings: Settings, alert_id: int) -> Figure:
    """Before and after with the outline, spectra, evidence in words, and the looks at the place.

    Shows the latest sighting. Raises NotFoundError for an alert without one, ReferenceModelError for a reference
    that changed on disk, and what reading a scene raises.
    """
    found = alert_history(session, alert_id)
    if not found.sightings:
        raise NotFoundError(f"alert {alert_id} has no finding left to be shown; its scene was processed again")
    latest = max(found.sightings, key=lambda seen: (seen.datetime, seen.area_m2))
    row = get_scene(session, latest.scene_pk)
    if row.reference_version is None:
        raise NotFoundError(f"scene {row.scene_id} is {row.state}; `monitor scan` processes it")
    stored = get_reference(session, row.monitor_id, row.reference_version)
    model = model_file(settings, stored)
    reference = load_model(model.folder, model.sha256)
    grid = part_around(reference.grid, found.alert.geometry)
    bands = next((names for names in PREFERRED if set(names) <= set(reference.bands)), reference.bands[:3])
    named = ", ".join(bands)
    return plots.alert(
        before_view(reference, grid, bands, f"{stored.scene_id} · {named}"),
        after_view(session, settings, row, grid, bands),
        grid,
        rings_of(found.alert.geometry, grid),
        spectra_of(session, row, latest),
        [(look.datetime, look.outcome) for look in found.looks],
        words_of(found, latest),
    )


def part_around(grid: Grid, geometry: Mapping[str, Any]) -> Grid:
    """The part of the grid around an outline, a square as far as the grid reaches."""
    left, bottom, right, top = shape(transform_geom("EPSG:4326", grid.crs, geometry)).bounds
    (first_col, first_row), (last_col, last_row) = (~grid.transform @ (left, top), ~grid.transform @ (right, bottom))
    longer = max(last_col - first_col, last_row - first_row)
    side = max(longer * (1 + 2 * MARGIN), LEAST_PX)
    row, rows = span((first_row + last_row) / 2, side, grid.height)
    col, cols = span((first_col + last_col) / 2, side, grid.width)
    return Grid(grid.crs, grid.transform @ Affine.translation(col, row), rows, cols)


def span(middle: float, length: float, limit: int) -> tuple[int, int]:
    """First pixel and number of pixels of a span around a middle, moved and cut to lie in the grid."""
    size = min(max(round(length), 1), limit)
    return min(max(round(middle - size / 2), 0), limit - size), size


def before_view(reference: ReferenceModel, grid: Grid, bands: Sequence[str], subtitle: str) -> View:
    """The place on the clear scene."""
    col, row = (round(value) for value in ~reference.grid.transform @ (grid.transform.c, grid.transform.f))
    part = (slice(row, row + grid.height), slice(col, col + grid.width))
    cube = reference.reflectance[[reference.bands.index(band) for band in bands]][:, part[0], part[1]]
    return View(cube, reference.known[part], "Reference", subtitle)


def after_view(session: Session, settings: Settings, row: SceneRow, grid: Grid, bands: Sequence[str]) -> View:
    """The place on a scene, read from its catalog."""
    monitor = settings.monitor(row.monitor)
    wanted = monitor.model_copy(update={"bands": list(bands), "min_valid": 0.0})
    catalog = settings.catalogs.get(row.catalog)
    scene = read_for(wanted, item_of(session, row.pk), catalog, grid, load_area(monitor.aoi))
    return View(scene.reflectance, scene.valid, f"{row.datetime:%Y-%m-%d}", row.scene_id)


def rings_of(geometry: Mapping[str, Any], grid: Grid) -> list[NDArray[np.float64]]:
    """Every ring of a GeoJSON (multi)polygon in the grid's CRS, (points, 2)."""
    moved = transform_geom("EPSG:4326", grid.crs, geometry)
    polygons = [moved["coordinates"]] if moved["type"] == "Polygon" else moved["coordinates"]
    return [np.array([point[:2] for point in ring], np.float64) for polygon in polygons for ring in polygon]


def spectra_of(session: Session, row: SceneRow, latest: Sighting) -> Spectra | None:
    """Mean spectra of the place then and now, with the spread of the label it had; None where they are not kept."""
    was, now = spectrum_of(latest.evidence, "was_"), spectrum_of(latest.evidence, "now_")
    bands = tuple(sorted(was.keys() & now.keys(), key=wavelength_order))
    if not bands:
        return None
    label = latest.evidence.get("label_before")
    stats = {stat.label: stat for stat in label_stats_of(session, row.pk, "reference")}
    mine = stats.get(int(label)) if label is not None else None
    spread = None
    if mine is not None and set(bands) <= set(mine.bands):
        spread = tuple(mine.std[mine.bands.index(band)] for band in bands)
    return Spectra(bands, tuple(was[band] for band in bands), tuple(now[band] for band in bands), spread)


def words_of(found: AlertHistory, latest: Sighting) -> dict[str, str]:
    """Heading, sentence and list."""
    alert = found.alert
    first, last = f"{alert.first_seen:%Y-%m-%d}", f"{alert.last_seen:%Y-%m-%d}"
    seen = first if first == last else f"{first} to {last}, {len({seen.scene_pk for seen in found.sightings})} scenes"
    west, south, east, north = alert.bbox
    said = {
        "title": f"Alert {alert.id} · {alert.monitor} · {alert.state}",
        "sentence": found.words,
        "seen": seen,
        "since": found.became,
        "place": f"{(south + north) / 2:.5f} north, {(west + east) / 2:.5f} east",
        "area": f"{hectares(alert.area_m2)}, score {alert.score:.2f}",
    }
    return said | {fact.about: fact.found for fact in facts(latest.evidence)}
