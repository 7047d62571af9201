import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.servers import ServeApi, ServeFolder, too_many

ITEM = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "one",
    "collection": "landsat-c2-l2",
    "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]},
    "bbox": [0, 0, 1, 1],
    "properties": {"datetime": "2020-01-01T00:00:00Z"},
    "links": [],
    "assets": {"red": {"href": "/data/one_red.tif"}},
}


def test_a_stac_api_serves_the_items_it_was_given(serve_api: ServeApi) -> None:
    url = serve_api([ITEM])
    with urlopen(f"{url}/search?collections=landsat-c2-l2") as response:
        page = json.load(response)
    assert [item["id"] for item in page["features"]] == ["one"]
    assert page["features"][0]["assets"]["red"]["href"] == "/data/one_red.tif"


def test_the_file_server_answers_ranges_and_gdal_reads_a_cog_through_it(
    serve_folder: ServeFolder, tmp_path: Path
) -> None:
    pixels = np.arange(256 * 256, dtype="uint16").reshape(256, 256)
    grid = {"height": 256, "width": 256, "count": 1, "crs": "EPSG:32618", "transform": Affine(30, 0, 0, 0, -30, 0)}
    with rasterio.open(tmp_path / "a.tif", "w", driver="COG", dtype="uint16", **grid) as target:
        target.write(pixels, 1)
    server = serve_folder(tmp_path)
    with urlopen(Request(f"{server.url}/a.tif", headers={"Range": "bytes=2-5"})) as response:
        assert response.status == 206
        assert response.read() == (tmp_path / "a.tif").read_bytes()[2:6]
    with rasterio.open(f"{server.url}/a.tif") as source:
        np.testing.assert_array_equal(source.read(1), pixels)


def test_a_fault_is_answered_once_and_then_the_real_file(serve_folder: ServeFolder, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("here")
    server = serve_folder(tmp_path)
    server.fail(too_many(retry_after=7))
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{server.url}/a.txt")
    with caught.value as error:
        assert (error.code, error.headers["Retry-After"]) == (429, "7")
    with urlopen(f"{server.url}/a.txt") as response:
        assert response.read() == b"here"
    assert server.requests == ["GET /a.txt", "GET /a.txt"]
