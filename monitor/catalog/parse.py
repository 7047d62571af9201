"""A STAC item as the monitor sees it."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pystac
from shapely import GEOSException, get_coordinates
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from monitor.catalog.assets import band_assets
from monitor.catalog.identity import Level, landsat_level, platform_of, product_id_of, scene_id_of
from monitor.catalog.item import BandAsset, SceneItem
from monitor.catalog.malformed import Malformed
from monitor.errors import ItemError
from monitor.spectrum import BANDS

MALFORMED_SHAPE = (GEOSException, TypeError, ValueError, KeyError, AttributeError, IndexError)


def parse_item(item: pystac.Item | Mapping[str, Any], catalog_name: str, base: str | None = None) -> SceneItem:
    """A scene from an item of any catalog.

    `base` is the file or URL that the item was read from; without it, relative hrefs start from the item's own
    ``self`` link. Raises ItemError, which names the item, what is wrong with it, and what to do.
    """
    if isinstance(item, pystac.Item):
        base = base or item.get_self_href()
        document: Mapping[str, Any] = item.to_dict(transform_hrefs=False)
    else:
        document = item
    try:
        return parse_document(document, catalog_name, base)
    except Malformed as error:
        raise ItemError(
            f"item {item_id_of(document)} of catalog {catalog_name}: {error}; it is left out until the catalog "
            "corrects it, the other items are not affected"
        ) from error


def item_id_of(document: Mapping[str, Any]) -> str:
    """The item's id, or a word in its place."""
    item_id = document.get("id")
    return item_id if isinstance(item_id, str) and item_id else "(without id)"


def parse_document(document: Mapping[str, Any], catalog_name: str, base: str | None) -> SceneItem:
    """As `parse_item`; raises Malformed that says what is wrong."""
    item_id = document.get("id")
    if not isinstance(item_id, str) or not item_id:
        raise Malformed("it has no id")
    properties = document.get("properties")
    if not isinstance(properties, Mapping):
        raise Malformed("it has no properties")
    collection = document.get("collection")
    collection = collection if isinstance(collection, str) else ""
    footprint = footprint_of(document)
    west, south, east, north = footprint.bounds
    level = landsat_level(properties, item_id, collection)
    assets = assets_of(document, base, level)
    elevation = bounded(properties.get("view:sun_elevation"), -90, 90)
    azimuth = bounded(properties.get("view:sun_azimuth"), -180, 360)
    scene_id = scene_id_of(item_id)
    return SceneItem(
        scene_id=scene_id,
        product_id=product_id_of((asset.href for name, asset in assets.items() if name in BANDS), scene_id),
        item_id=item_id,
        catalog=catalog_name,
        collection=collection,
        platform=platform_of(properties.get("platform"), item_id),
        datetime=span_of(properties)[0],
        geometry=dict(document["geometry"]),
        bbox=(west, south, east, north),
        sun_azimuth=None if azimuth is None else azimuth % 360,
        sun_elevation=elevation,
        cloud_cover=bounded(properties.get("eo:cloud_cover"), 0, 100),
        needs_sun_correction=level == "L1" and elevation is not None and elevation > 0,
        assets=assets,
    )


def assets_of(document: Mapping[str, Any], base: str | None, level: Level | None) -> dict[str, BandAsset]:
    """The item's bands; Malformed if no reflective one is among its assets."""
    assets = document.get("assets")
    if not isinstance(assets, Mapping) or not assets:
        raise Malformed("it has no assets")
    bands = band_assets(assets, base, self_href(document), level)
    if not any(name in BANDS for name in bands):
        keys = ", ".join(sorted(str(key) for key in assets))
        raise Malformed(f"none of its assets ({keys}) is a reflective band that is known by its common name")
    return bands


def footprint_of(document: Mapping[str, Any]) -> BaseGeometry:
    """The item's geometry in degrees; Malformed if there is none or it is malformed."""
    geometry = document.get("geometry")
    if not isinstance(geometry, Mapping):
        raise Malformed("it has no geometry")
    try:
        footprint = shape(geometry)
    except MALFORMED_SHAPE as error:
        raise Malformed(f"its geometry is malformed ({error})") from error
    if footprint.is_empty:
        raise Malformed("its geometry is empty")
    if not all(math.isfinite(number) for number in get_coordinates(footprint).flat):
        raise Malformed("its geometry has coordinates that are not numbers")
    west, south, east, north = footprint.bounds
    if west < -360 or east > 360 or south < -90 or north > 90:
        raise Malformed("its geometry is not in degrees")
    return footprint


def span_of(properties: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """First and last moment of an item, UTC: ``datetime``, or ``start_datetime`` and ``end_datetime``."""
    moment = properties.get("datetime")
    if moment is not None:
        return parse_moment(moment), parse_moment(moment)
    start, end = properties.get("start_datetime"), properties.get("end_datetime")
    if start is None:
        raise Malformed("it has no datetime")
    first = parse_moment(start)
    return first, first if end is None else parse_moment(end)


def parse_moment(value: object) -> datetime:
    """An ISO 8601 moment, UTC where it names no zone."""
    if not isinstance(value, str):
        raise Malformed(f"its datetime is {value!r}")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise Malformed(f"its datetime {value!r} is not ISO 8601") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def bounded(value: object, lowest: float, highest: float) -> float | None:
    """A number within its range; None for one that is missing or impossible."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        return None
    return float(value)


def self_href(document: Mapping[str, Any]) -> str | None:
    """Where the item says it lies."""
    links = document.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("rel") == "self" and isinstance(link.get("href"), str):
            href: str = link["href"]
            return href
    return None
