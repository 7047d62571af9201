"""Scenes on disk: cloud-optimized GeoTIFFs and the STAC catalog that describes them, as USGS writes them."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from monitor.scenes.grid import Grid
from monitor.simulate.footprint import WRS_PATH, WRS_ROW, Pass, lonlat_bbox
from monitor.simulate.noise import Floats, Mask

SCALE, OFFSET = 2.75e-05, -0.2
"""Surface reflectance of Collection 2 level 2 is number * SCALE + OFFSET; number 0 is fill."""
COLLECTION = "landsat-c2-l2"
COG_TYPE = "image/tiff; application=geotiff; profile=cloud-optimized"
EXTENSIONS = (
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "https://stac-extensions.github.io/eo/v1.0.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "https://stac-extensions.github.io/projection/v1.0.0/schema.json",
    "https://landsat.usgs.gov/stac/landsat-extension/v1.1.1/schema.json",
    "https://stac-extensions.github.io/classification/v1.0.0/schema.json",
)
TITLES = {
    "coastal": ("Coastal/Aerosol Band", 0.44, 0.02),
    "blue": ("Blue Band", 0.48, 0.06),
    "green": ("Green Band", 0.56, 0.06),
    "red": ("Red Band", 0.65, 0.04),
    "nir08": ("Near Infrared Band 0.8", 0.86, 0.03),
    "swir16": ("Short-wave Infrared Band 1.6", 1.6, 0.09),
    "swir22": ("Short-wave Infrared Band 2.2", 2.2, 0.19),
}
"""Title, centre wavelength and full width at half maximum (micrometres)."""
BITFIELDS = (
    ("fill", 0, 1, ("not_fill", "fill")),
    ("dilated_cloud", 1, 1, ("not_dilated", "dilated")),
    ("cirrus", 2, 1, ("not_cirrus", "cirrus")),
    ("cloud", 3, 1, ("not_cloud", "cloud")),
    ("cloud_shadow", 4, 1, ("not_shadow", "shadow")),
    ("snow", 5, 1, ("not_snow", "snow")),
    ("clear", 6, 1, ("not_clear", "clear")),
    ("water", 7, 1, ("not_water", "water")),
    ("cloud_confidence", 8, 2, ("not_set", "low", "medium", "high")),
    ("cloud_shadow_confidence", 10, 2, ("not_set", "low", "reserved", "high")),
    ("snow_confidence", 12, 2, ("not_set", "low", "reserved", "high")),
    ("cirrus_confidence", 14, 2, ("not_set", "low", "reserved", "high")),
)


def to_numbers(reflectance: Floats, fill: Mask) -> NDArray[np.uint16]:
    """Reflectance as uint16 numbers, 0 where there is fill."""
    numbers = np.clip(np.rint((reflectance - OFFSET) / SCALE), 1, 65535)
    return np.where(fill, 0, numbers).astype(np.uint16)


def write_cog(path: Path, raster: NDArray[Any], grid: Grid, nodata: int, resampling: str = "AVERAGE") -> None:
    """One band (rows, columns) as a cloud-optimized GeoTIFF: DEFLATE, predictor 2, blocks of 256."""
    options = {"compress": "DEFLATE", "predictor": 2, "blocksize": 256, "overview_resampling": resampling}
    with rasterio.open(
        path, "w", driver="COG", count=1, dtype=raster.dtype, nodata=nodata, **grid.profile, **options
    ) as file:
        file.write(raster, 1)


def write_scene(
    folder: Path, one: Pass, cube: Floats, qa: NDArray[np.uint16], grid: Grid, cloud_cover: float
) -> dict[str, Any]:
    """Band files, QA_PIXEL and the item of one pass in folder/<item id>; returns the item."""
    home = folder / one.scene_id
    home.mkdir()
    fill = one.fill(grid.shape)
    for number, values in enumerate(cube, start=1):
        write_cog(home / f"{one.product_id}_SR_B{number}.TIF", to_numbers(values, fill), grid, 0)
    write_cog(home / f"{one.product_id}_QA_PIXEL.TIF", qa, grid, 1, "NEAREST")
    item = make_item(one, grid, cloud_cover)
    write_json(home / f"{one.scene_id}.json", item)
    return item


def make_item(one: Pass, grid: Grid, cloud_cover: float) -> dict[str, Any]:
    """The STAC item of a pass, with hrefs relative to itself."""
    geometry = grid.to_lonlat({"type": "Polygon", "coordinates": [one.outline(grid)]})
    stamp = one.moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    properties = {
        "datetime": stamp,
        "created": (one.moment + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "platform": "landsat-8",
        "instruments": ["oli", "tirs"],
        "gsd": 30,
        "description": "Simulated Landsat Collection 2 Level-2",
        "eo:cloud_cover": round(cloud_cover, 2),
        "view:off_nadir": 0,
        "view:sun_azimuth": one.azimuth,
        "view:sun_elevation": one.elevation,
        "proj:epsg": grid.crs.to_epsg(),
        "proj:shape": list(grid.shape),
        "proj:transform": [float(number) for number in list(grid.transform)[:6]],
        "landsat:cloud_cover_land": round(cloud_cover, 2),
        "landsat:wrs_type": "2",
        "landsat:wrs_path": WRS_PATH,
        "landsat:wrs_row": WRS_ROW,
        "landsat:collection_category": "T1",
        "landsat:collection_number": "02",
        "landsat:correction": "L2SP",
        "landsat:scene_id": f"LC8{WRS_PATH}{WRS_ROW}{one.moment:%Y%j}LGN00",
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": list(EXTENSIONS),
        "id": one.scene_id,
        "collection": COLLECTION,
        "geometry": geometry,
        "bbox": list(lonlat_bbox(geometry["coordinates"][0])),
        "properties": properties,
        "links": [
            link("root", "../catalog.json"),
            link("parent", "../collection.json"),
            link("collection", "../collection.json"),
        ],
        "assets": make_assets(one),
    }


def make_assets(one: Pass) -> dict[str, Any]:
    """The assets of an item: seven reflective bands and QA_PIXEL."""
    assets: dict[str, Any] = {}
    for number, (band, (title, center, width)) in enumerate(TITLES.items(), start=1):
        assets[band] = {
            "href": f"./{one.product_id}_SR_B{number}.TIF",
            "type": COG_TYPE,
            "title": title,
            "description": f"Collection 2 Level-2 {title} (SR_B{number}) Surface Reflectance",
            "eo:bands": [
                {
                    "name": f"OLI_B{number}",
                    "common_name": band,
                    "center_wavelength": center,
                    "full_width_half_max": width,
                }
            ],
            "raster:bands": [
                {"nodata": 0, "data_type": "uint16", "spatial_resolution": 30, "scale": SCALE, "offset": OFFSET}
            ],
            "roles": ["data", "reflectance"],
        }
    assets["qa_pixel"] = {
        "href": f"./{one.product_id}_QA_PIXEL.TIF",
        "type": COG_TYPE,
        "title": "Pixel Quality Assessment Band",
        "description": "Collection 2 Level-1 Pixel Quality Assessment Band (QA_PIXEL)",
        "classification:bitfields": [
            {
                "name": name,
                "offset": offset,
                "length": length,
                "classes": [{"value": value, "name": label} for value, label in enumerate(labels)],
            }
            for name, offset, length, labels in BITFIELDS
        ],
        "raster:bands": [{"nodata": 1, "data_type": "uint16", "spatial_resolution": 30, "unit": "bit index"}],
        "roles": ["cloud", "cloud-shadow", "snow-ice", "water-mask"],
    }
    return assets


def write_catalog_files(folder: Path, items: Sequence[dict[str, Any]]) -> None:
    """catalog.json and collection.json with links to the items."""
    title = "Simulated Landsat 8 series, path 018 row 030 (no real observations)"
    times = [item["properties"]["datetime"] for item in items]
    boxes = np.array([item["bbox"] for item in items])
    box = [float(value) for value in (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))]
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": COLLECTION,
        "title": title,
        "description": f"{title}. Truth in the folder truth.",
        "license": "CC0-1.0",
        "extent": {"spatial": {"bbox": [box]}, "temporal": {"interval": [[min(times), max(times)]]}},
        "summaries": {"platform": ["landsat-8"], "gsd": [30]},
        "links": [link("root", "./catalog.json"), link("parent", "./catalog.json")]
        + [link("item", f"./{item['id']}/{item['id']}.json") | {"type": "application/geo+json"} for item in items],
    }
    catalog = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "simulated",
        "title": title,
        "description": title,
        "links": [link("root", "./catalog.json"), link("child", "./collection.json")],
    }
    write_json(folder / "collection.json", collection)
    write_json(folder / "catalog.json", catalog)


def link(rel: str, href: str) -> dict[str, str]:
    """A STAC link to a JSON document."""
    return {"rel": rel, "href": href, "type": "application/json"}


def write_json(path: Path, data: object) -> None:
    """JSON with the same bytes for the same data."""
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
