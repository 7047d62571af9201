"""/api/v1/history: what the past says about a place, a scene, a monitor; in the words of `monitor history`."""

from collections.abc import Callable
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from shapely.errors import ShapelyError
from shapely.geometry import shape

from monitor.errors import QueryError
from monitor.history.place import Span, area_records, pixel_records
from monitor.history.records import Record, label_records, metric_records, sweep_records
from monitor.store.monitors import find_monitor
from monitor.store.scene_list import SceneFilter, count_scenes
from monitor.store.tables import SceneState
from monitor.web.api import models
from monitor.web.etag import EtagRoute
from monitor.web.params import Moment, MonitorName
from monitor.web.services import Served, Services

router = APIRouter(prefix="/history", tags=["history"], route_class=EtagRoute)

MOST_SCENES = 2000
"""Figures of more scenes than that are asked for in parts."""
MOST_POINTS = 100_000


def span_of(
    since: Annotated[Moment | None, Query(description="Acquired at or after; UTC without a zone.")] = None,
    until: Annotated[Moment | None, Query(description="Acquired before.")] = None,
) -> Span:
    """Between which moments."""
    return Span(since, until)


Asked = Annotated[Span, Depends(span_of)]


Position = Annotated[list[float], Field(min_length=2, max_length=3)]


class Outline(BaseModel):
    """A GeoJSON polygon or multipolygon, WGS 84."""

    type: Annotated[str, Field(pattern="^(Polygon|MultiPolygon)$")]
    coordinates: list[list[Position]] | list[list[list[Position]]] = Field(max_length=1000)


@router.get("/pixel")
def pixel(
    services: Served,
    monitor: MonitorName,
    lon: Annotated[float, Query(ge=-180, le=180, description="Degrees east.")],
    lat: Annotated[float, Query(ge=-90, le=90, description="Degrees north.")],
    asked: Asked,
) -> list[models.PixelLook]:
    """Label, reference label, flag and spectral distance of one pixel in every scene, by date."""
    with services.reading() as session:
        rows = pixel_records(session, services.settings.models_dir, monitor, lon, lat, asked)
    return [models.PixelLook(**row) for row in rows]


@router.post("/area")
def area(services: Served, monitor: MonitorName, outline: Outline, asked: Asked) -> list[models.AreaLook]:
    """Area by label and flag inside an outline in every scene, by date."""
    geometry = checked(outline)
    with services.reading() as session:
        return [models.AreaLook(**row) for row in area_records(session, monitor, geometry, asked)]


@router.get("/metrics")
def metrics(services: Served, monitor: MonitorName, asked: Asked) -> list[dict[str, Any]]:
    """All figures of every processed scene of a monitor, by date."""
    return figures(services, monitor, asked, metric_records)


@router.get("/sweeps")
def sweeps(services: Served, monitor: MonitorName, asked: Asked) -> list[dict[str, Any]]:
    """Inertia and silhouette of every scene for every k, by date."""
    return figures(services, monitor, asked, sweep_records)


@router.get("/labels")
def labels(services: Served, monitor: MonitorName, asked: Asked) -> list[dict[str, Any]]:
    """Size and spectral values of every label and band in every scene, by date."""
    return figures(services, monitor, asked, label_records)


def figures(services: Services, monitor: str, asked: Span, records: Callable[..., list[Record]]) -> list[Record]:
    """Figures of many scenes; NotFoundError without such a monitor, QueryError for too many scenes at once."""
    wanted = SceneFilter(monitor, (SceneState.DONE,), asked.since, asked.until)
    with services.reading() as session:
        find_monitor(session, monitor)
        number = count_scenes(session, wanted)
        if number > MOST_SCENES:
            raise QueryError(f"{number} scenes are too many for one answer; ask in parts with `since` and `until`")
        return records(session, wanted)


def checked(outline: Outline) -> dict[str, Any]:
    """The outline as GeoJSON; QueryError for one that is none, or not in degrees."""
    try:
        found = shape(outline.model_dump())
        west, south, east, north = found.bounds
        fine = found.is_valid and -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    except (ValueError, TypeError, LookupError, AttributeError, ShapelyError):
        fine = False
    if not fine:
        raise QueryError("the outline is not a valid GeoJSON polygon or multipolygon in degrees")
    if shapely.get_num_coordinates(found) > MOST_POINTS:
        raise QueryError(f"the outline has more than {MOST_POINTS} points; simplify it")
    return outline.model_dump()
