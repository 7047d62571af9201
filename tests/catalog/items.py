"""STAC items as catalogs serve them, small and without files behind them."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config import CatalogSettings, MonitorSettings

SHARED = (Path(__file__).parents[2].parent / "shared" / "data").resolve()
BANDS = {"blue": 2, "green": 3, "red": 4, "nir08": 5, "swir16": 6, "swir22": 7}
BOX = (-79.6, 43.5, -79.1, 43.9)
START = date(2020, 1, 1)


def shared(*parts: str) -> Path:
    """A path below the shared data; skips the test where there is none."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {'/'.join(parts)} of the shared data folder beside the repository")
    return path


def square(west: float, south: float, side: float) -> dict[str, Any]:
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def make_item(day: date, path: str = "018030", **changes: Any) -> dict[str, Any]:
    """A Landsat 8 level-2 item around Toronto; `changes` replace top-level keys."""
    scene, processed = f"LC08_L2SP_{path}_{day:%Y%m%d}", f"{day + timedelta(days=9):%Y%m%d}"
    assets = {
        name: {
            "href": f"https://example.com/{scene}_{processed}_02_T1_SR_B{number}.TIF",
            "raster:bands": [{"data_type": "uint16", "nodata": 0, "scale": 2.75e-05, "offset": -0.2}],
        }
        for name, number in BANDS.items()
    }
    properties = {
        "datetime": f"{day:%Y-%m-%d}T16:10:00Z",
        "platform": "landsat-8",
        "eo:cloud_cover": 12.5,
        "view:sun_azimuth": 150.5,
        "view:sun_elevation": 40.25,
        "landsat:correction": "L2SP",
    }
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"{scene}_02_T1",
        "collection": "landsat-c2-l2",
        "geometry": square(-80.5, 43.0, 2.0),
        "bbox": [-80.5, 43.0, -78.5, 45.0],
        "properties": properties,
        "links": [],
        "assets": assets,
    }
    return item | changes


def with_properties(item: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return item | {"properties": item["properties"] | properties}


def series(count: int, every: int = 16) -> list[dict[str, Any]]:
    """Items of one path/row, from START on."""
    return [make_item(START + timedelta(days=every * number)) for number in range(count)]


def monitor_of(catalogs: Sequence[str] = ("c",), **changes: Any) -> MonitorSettings:
    settings: dict[str, Any] = {"name": "toronto", "catalogs": list(catalogs), "aoi": BOX, "start": START}
    return MonitorSettings(**settings | changes)


def catalogs_of(timeout_s: float = 20, **urls: object) -> dict[str, CatalogSettings]:
    timeout = timedelta(seconds=timeout_s)
    return {name: CatalogSettings(url=str(url), timeout=timeout) for name, url in urls.items()}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def write_catalog(folder: Path, items: Sequence[dict[str, Any]], collection: str = "landsat-c2-l2") -> Path:
    """A static catalog with relative links and band hrefs; gives its catalog.json."""
    for item in items:
        assets = {
            name: asset | {"href": f"./{asset['href'].rpartition('/')[2]}"} for name, asset in item["assets"].items()
        }
        home = folder / collection / item["id"]
        home.mkdir(parents=True)
        (home / "item.json").write_text(json.dumps(item | {"assets": assets}))
    links = [{"rel": "item", "href": f"./{item['id']}/item.json"} for item in items]
    about = {"stac_version": "1.0.0", "description": "test"}
    members = {"type": "Collection", "id": collection, "license": "proprietary", "extent": {}, "links": links}
    (folder / collection / "collection.json").write_text(json.dumps(about | members))
    root = folder / "catalog.json"
    known = json.loads(root.read_text())["links"] if root.exists() else []
    known.append({"rel": "child", "href": f"./{collection}/collection.json"})
    root.write_text(json.dumps(about | {"type": "Catalog", "id": "test", "links": known}))
    return root
