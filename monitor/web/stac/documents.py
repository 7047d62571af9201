"""STAC 1.1 documents: catalog, a collection a monitor, a catalog a year, an item a scene."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor import __version__
from monitor.catalog.item import BBox
from monitor.cog import Colours
from monitor.detection.result import Flag
from monitor.plots.colours import FLAG_NAMES
from monitor.scenes.grid import Grid
from monitor.store.scenes import SceneRow

VERSION = "1.1.0"
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
JSON, GEOJSON = "application/json", "application/geo+json"
EXTENSIONS = [
    "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
]
TITLES = {
    "flags": "Flags: cloud, cloud shadow, anomaly",
    "reference": "Labels by the reference model",
    "sweep": "Labels by the scene's own k-means",
}

Url = Callable[[str], str]
"""From a path of this server to its address."""


@dataclass(frozen=True)
class Product:
    """A scene with what its item says: outline, grid, and the colours of each of its maps."""

    row: SceneRow
    outline: Mapping[str, Any]
    grid: Grid
    colours: Mapping[str, Colours]
    source: str | None


def catalog(url: Url, monitors: Sequence[str]) -> dict[str, Any]:
    """The root."""
    links = [link(url, "/stac", "root"), link(url, "/stac", "self")]
    links += [link(url, f"/stac/{name}", "child", title=name) for name in monitors]
    about = "What a change-detection monitor derived from Landsat scenes."
    return head("Catalog", "landsat-monitor", about) | {"title": "Landsat monitor", "links": links}


def collection(
    url: Url, name: str, box: BBox | None, times: tuple[datetime | None, datetime | None], years: Sequence[int]
) -> dict[str, Any]:
    """All derived products of one monitor."""
    here = f"/stac/{name}"
    links = [link(url, "/stac", "root"), link(url, "/stac", "parent"), link(url, here, "self")]
    links += [link(url, f"{here}/{year}", "child", title=str(year)) for year in years]
    interval = [None if moment is None else stamp(moment) for moment in times]
    return head("Collection", name, f"Flags and labels of the scenes of monitor {name}.") | {
        "title": name,
        "license": "other",
        "extent": {"spatial": {"bbox": [list(box or (-180, -90, 180, 90))]}, "temporal": {"interval": [interval]}},
        "links": links,
    }


def year_catalog(url: Url, name: str, year: int, scenes: Sequence[tuple[str, datetime]]) -> dict[str, Any]:
    """The scenes of one year."""
    here = f"/stac/{name}/{year}"
    links = [link(url, "/stac", "root"), link(url, f"/stac/{name}", "parent"), link(url, here, "self")]
    links += [link(url, f"/stac/{name}/items/{scene}", "item", GEOJSON, scene) for scene, _ in scenes]
    return head("Catalog", f"{name}-{year}", f"Scenes of monitor {name} in {year}.") | {"links": links}


def item(url: Url, product: Product) -> dict[str, Any]:
    """One scene's products."""
    row = product.row
    here = f"/stac/{row.monitor}/items/{row.scene_id}"
    links = [
        link(url, "/stac", "root"),
        link(url, f"/stac/{row.monitor}/{row.datetime.year}", "parent"),
        link(url, f"/stac/{row.monitor}", "collection"),
        link(url, here, "self", GEOJSON),
        link(url, f"/api/v1/scenes/{row.monitor}/{row.scene_id}", "related", title="Figures of the scene"),
    ]
    if product.source:
        links.append({"rel": "derived_from", "href": product.source, "type": GEOJSON, "title": row.product_id})
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": EXTENSIONS,
        "id": row.scene_id,
        "collection": row.monitor,
        "geometry": product.outline,
        "bbox": list(row.bbox),
        "properties": properties(product),
        "links": links,
        "assets": {kind: asset(url, here, kind, colours) for kind, colours in product.colours.items()},
    }


def properties(product: Product) -> dict[str, Any]:
    """Of an item."""
    row, grid = product.row, product.grid
    code = grid.crs.to_epsg()
    known = {
        "eo:cloud_cover": row.cloud_cover,
        "view:sun_azimuth": row.sun_azimuth,
        "view:sun_elevation": row.sun_elevation,
        "processing:datetime": None if row.processed_at is None else stamp(row.processed_at),
    }
    found = {
        "datetime": stamp(row.datetime),
        "platform": row.platform,
        "title": row.product_id,
        "proj:code": None if code is None else f"EPSG:{code}",
        "proj:shape": list(grid.shape),
        "proj:transform": list(grid.transform)[:6],
        "processing:software": {"landsat-monitor": __version__},
        "processing:lineage": (
            f"{row.product_id} labelled by reference version {row.reference_version} of monitor {row.monitor}; "
            "label borders compared with the reference's"
        ),
    }
    if code is None:
        found["proj:wkt2"] = grid.crs.to_wkt()
    return found | {key: value for key, value in known.items() if value is not None}


def asset(url: Url, here: str, kind: str, colours: Colours) -> dict[str, Any]:
    """One map of a scene."""
    name = "labels" if kind == "reference" else kind
    classes = flag_classes(colours) if kind == "flags" else label_classes(colours)
    return {
        "href": url(f"{here}/{name}.tif"),
        "type": COG,
        "title": TITLES[kind],
        "roles": ["data", "classification"],
        "data_type": "uint8",
        "nodata": int(Flag.NO_ANSWER),
        "classification:classes": classes,
    }


def flag_classes(colours: Colours) -> list[dict[str, Any]]:
    """Values of a flags raster and what they mean."""
    return [
        {"value": int(flag), "name": name.replace(" ", "_"), "description": name.capitalize()}
        | colour_hint(colours, int(flag))
        | ({"nodata": True} if flag is Flag.NO_ANSWER else {})
        for flag, name in FLAG_NAMES.items()
    ]


def label_classes(colours: Colours) -> list[dict[str, Any]]:
    """Values of a label map; labels run from dark to bright ground."""
    numbers = sorted(value for value in colours if value != Flag.NO_ANSWER)
    labels = [
        {"value": value, "name": f"label_{value}", "description": f"Label {value}"} | colour_hint(colours, value)
        for value in numbers
    ]
    return [*labels, {"value": int(Flag.NO_ANSWER), "name": "no_data", "description": "No data", "nodata": True}]


def colour_hint(colours: Colours, value: int) -> dict[str, str]:
    """Six hexadecimal digits, for a value that is not transparent."""
    red, green, blue, alpha = colours.get(value, (0, 0, 0, 0))
    return {"color_hint": f"{red:02X}{green:02X}{blue:02X}"} if alpha else {}


def head(kind: str, name: str, about: str) -> dict[str, Any]:
    """What every catalog begins with."""
    return {"type": kind, "stac_version": VERSION, "id": name, "description": about}


def link(url: Url, path: str, rel: str, kind: str = JSON, title: str | None = None) -> dict[str, Any]:
    """A link to a path of this server."""
    made = {"rel": rel, "href": url(path), "type": kind}
    return made if title is None else made | {"title": title}


def stamp(moment: datetime) -> str:
    """RFC 3339."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
