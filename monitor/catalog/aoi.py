"""The area under watch as a WGS 84 geometry."""

import json
import math
from pathlib import Path
from typing import Any

from shapely import GEOSException, get_coordinates, make_valid, union_all
from shapely.geometry import MultiPolygon, Polygon, box, mapping, shape
from shapely.geometry.base import BaseGeometry

from monitor.errors import ConfigError

AREAS = ("Polygon", "MultiPolygon")


def load_area(aoi: tuple[float, float, float, float] | Path) -> dict[str, Any]:
    """The area as a GeoJSON Polygon or MultiPolygon in degrees.

    A box is [west, south, east, north]. A file holds a GeoJSON geometry, Feature or FeatureCollection; several
    polygons are united. Raises ConfigError, which names the file and the remedy, for a file that cannot be read,
    for geometries without an area, and for coordinates that are not degrees of longitude and latitude.
    """
    if not isinstance(aoi, Path):
        return geojson(box(*aoi))
    outlines = [outline(part, aoi) for part in geometries(read_geojson(aoi), aoi)]
    if not outlines:
        raise ConfigError(f"area file {aoi}: it has no feature; draw at least one polygon")
    return geojson(union_all(outlines))


def read_geojson(path: Path) -> dict[str, Any]:
    """The file's document."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"area file {path}: {error.strerror}; correct its path") from error
    except ValueError as error:
        raise ConfigError(f"area file {path} is not GeoJSON: {error}; export it as GeoJSON again") from error
    if not isinstance(document, dict):
        raise ConfigError(f"area file {path} is not GeoJSON: it holds no object; export it as GeoJSON again")
    return document


def geometries(document: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Every polygon and multipolygon of a GeoJSON document."""
    kind = document.get("type")
    if kind == "FeatureCollection":
        parts = document.get("features")
    elif kind == "GeometryCollection":
        parts = document.get("geometries")
    elif kind == "Feature":
        parts = [document.get("geometry")]
    elif kind in AREAS:
        return [document]
    else:
        raise ConfigError(f"area file {path}: a {kind or 'document without type'} has no area; give a polygon or box")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ConfigError(f"area file {path}: its {kind} has no geometry; draw a polygon in it")
    return [geometry for part in parts for geometry in geometries(part, path)]


def outline(geometry: dict[str, Any], path: Path) -> BaseGeometry:
    """One valid polygon or multipolygon in degrees."""
    try:
        drawn = shape(geometry)
    except (GEOSException, TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise ConfigError(f"area file {path}: malformed coordinates ({error}); export it as GeoJSON again") from error
    if not all(math.isfinite(number) for number in get_coordinates(drawn).flat):
        raise ConfigError(f"area file {path}: coordinates are not numbers; export it as GeoJSON again")
    mended = make_valid(drawn)
    if mended.area == 0:
        raise ConfigError(f"area file {path}: a polygon has no area; draw it again")
    west, south, east, north = mended.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise ConfigError(
            f"area file {path}: coordinates reach from {west:g}, {south:g} to {east:g}, {north:g}, which are not "
            "degrees of longitude and latitude; export it in WGS 84 (EPSG:4326), longitude first"
        )
    return mended


def geojson(area: BaseGeometry) -> dict[str, Any]:
    """A geometry's polygons as plain JSON; lines and points, which mending may leave behind, are dropped."""
    parts = [area] if isinstance(area, Polygon) else list(getattr(area, "geoms", []))
    polygons = [piece for part in parts for piece in (part.geoms if isinstance(part, MultiPolygon) else [part])]
    kept = [piece for piece in polygons if isinstance(piece, Polygon)]
    united = kept[0] if len(kept) == 1 else MultiPolygon(kept)
    document: dict[str, Any] = json.loads(json.dumps(mapping(united)))
    return document
