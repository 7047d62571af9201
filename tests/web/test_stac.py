from collections.abc import Callable

import numpy as np
import pystac
import rasterio
from fastapi.testclient import TestClient
from pystac.extensions.classification import ClassificationExtension

from monitor.detection.result import Flag
from monitor.store.maps import read_map
from monitor.store.scenes import find_scene
from tests.web.conftest import Site


def test_pystac_walks_from_the_root_to_every_scene_and_gdal_reads_what_it_finds(
    site: Site, serve: Callable[..., str]
) -> None:
    catalog = pystac.Catalog.from_file(f"{serve(site)}/stac")
    (collection,) = catalog.get_collections()
    assert collection.id == "lake"
    items = list(catalog.get_items(recursive=True))
    assert len(items) == 5
    for item in items:
        assert set(item.assets) == {"flags", "reference", "sweep"}
        assert item.get_collection().id == "lake"
        assert item.properties["processing:software"]
    item = items[0]
    classes = ClassificationExtension.ext(item.assets["flags"]).classes
    assert {(c.value, c.name) for c in classes} >= {(1, "cloud"), (2, "cloud_shadow"), (3, "anomaly")}
    assert next(c for c in classes if c.value == 3).color_hint == "D55E00"
    with rasterio.open(item.assets["flags"].href) as src:
        assert src.profile["driver"] == "GTiff"
        assert src.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert list(src.shape) == item.properties["proj:shape"]
        assert src.colormap(1)[Flag.ANOMALY] == (213, 94, 0, 255)
        values = src.read(1)
    with site.store.session(read_only=True) as session:
        assert np.array_equal(values, read_map(session, find_scene(session, item.id).pk, "flags"))
    assert set(np.unique(values)) <= {c.value for c in classes}


def test_a_raster_is_given_in_ranges(client: TestClient) -> None:
    scene = client.get("/api/v1/scenes").json()["items"][0]["scene_id"]
    url = f"/stac/lake/items/{scene}/labels.tif"
    whole = client.get(url)
    part = client.get(url, headers={"Range": "bytes=0-99"})
    assert part.status_code == 206
    assert part.content == whole.content[:100]


def test_a_scene_without_products_has_no_item(client: TestClient) -> None:
    assert client.get("/stac/lake/items/nothing").status_code == 404
    assert client.get("/stac/nowhere").status_code == 404
