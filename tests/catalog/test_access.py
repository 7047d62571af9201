import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from monitor.catalog import gdal_options, readable_href, signing
from monitor.catalog.presets import PRESETS
from monitor.catalog.query import make_query
from monitor.catalog.signing import TokenStore
from monitor.config import CatalogSettings
from monitor.errors import AssetUnavailable
from tests.catalog.items import moment
from tests.servers import LocalServer, ServeFolder, stall, unavailable

BLOB = "https://landsateuwest.blob.core.windows.net/landsat-c2/level-2/x_SR_B2.TIF"


def token_service(serve_folder: ServeFolder, folder: Path, valid_for: timedelta) -> LocalServer:
    expiry = datetime.now(UTC) + valid_for
    (folder / "landsateuwest").mkdir()
    (folder / "landsateuwest" / "landsat-c2").write_text(
        json.dumps({"msft:expiry": expiry.isoformat(), "token": "se=1&sig=abc%3D"})
    )
    return serve_folder(folder)


def test_a_blob_is_signed_and_its_token_kept(serve_folder: ServeFolder, tmp_path: Path) -> None:
    server = token_service(serve_folder, tmp_path, timedelta(minutes=45))
    tokens = TokenStore(server.url, 5)
    with ThreadPoolExecutor(4) as pool:
        signed = set(pool.map(tokens.sign, [BLOB] * 8))
    assert signed == {f"{BLOB}?se=1&sig=abc%3D"}
    assert server.requests == ["GET /landsateuwest/landsat-c2"]


def test_a_token_that_ends_soon_is_renewed(serve_folder: ServeFolder, tmp_path: Path) -> None:
    server = token_service(serve_folder, tmp_path, timedelta(minutes=1))
    tokens = TokenStore(server.url, 5)
    tokens.sign(BLOB)
    tokens.sign(BLOB)
    assert len(server.requests) == 2


def test_a_token_that_is_not_accepted_is_replaced_unless_it_is_quite_fresh(
    serve_folder: ServeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = token_service(serve_folder, tmp_path, timedelta(minutes=45))
    tokens = TokenStore(server.url, 5)
    tokens.sign(BLOB)
    tokens.sign(BLOB, anew=True)
    assert len(server.requests) == 1
    monkeypatch.setattr(signing, "FRESH_S", 0.0)
    (tmp_path / "landsateuwest" / "landsat-c2").write_text(
        json.dumps({"msft:expiry": "2099-01-01T00:00:00Z", "token": "sig=new"})
    )
    assert tokens.sign(BLOB, anew=True) == f"{BLOB}?sig=new"
    assert tokens.sign(BLOB) == f"{BLOB}?sig=new"


@pytest.mark.parametrize("href", [f"{BLOB}?sig=own", "https://example.com/x.tif", "/data/x.tif", "s3://b/x.tif"])
def test_what_needs_no_token_stays_as_it_is(href: str) -> None:
    assert TokenStore("http://127.0.0.1:9/", 1).sign(href) == href


@pytest.mark.usefixtures("no_waiting")
def test_without_a_token_service_the_asset_is_unavailable(serve_folder: ServeFolder, tmp_path: Path) -> None:
    server = serve_folder(tmp_path)
    server.fail(unavailable(), times=50)
    with pytest.raises(AssetUnavailable, match=r"no token to read files of landsateuwest/landsat-c2.*503"):
        TokenStore(server.url, 5).sign(BLOB)


def test_a_requester_pays_file_is_opened_as_one() -> None:
    settings = CatalogSettings(preset="earth-search")
    href = "s3://usgs-landsat/collection02/x_SR_B2.TIF"
    assert readable_href(href, settings) == "/vsis3/usgs-landsat/collection02/x_SR_B2.TIF"
    assert gdal_options(href, settings)["AWS_REQUEST_PAYER"] == "requester"
    assert "AWS_REQUEST_PAYER" not in gdal_options("https://example.com/x.tif", settings)


def test_a_local_file_is_opened_as_it_is() -> None:
    settings = CatalogSettings(url="/data/catalog.json")
    assert (readable_href("/data/x.tif", settings), gdal_options("/data/x.tif", settings)) == ("/data/x.tif", {})


def test_gdal_gives_up_on_a_server_that_stalls(serve_folder: ServeFolder, tmp_path: Path) -> None:
    grid = {"height": 64, "width": 64, "count": 1, "crs": "EPSG:32618", "transform": Affine(30, 0, 0, 0, -30, 0)}
    with rasterio.open(tmp_path / "a.tif", "w", driver="COG", dtype="uint8", **grid) as target:
        target.write(np.ones((64, 64), "uint8"), 1)
    server = serve_folder(tmp_path)
    settings = CatalogSettings(url=f"{server.url}/catalog.json", timeout=timedelta(seconds=1))
    href = f"{server.url}/a.tif"
    with rasterio.Env(**gdal_options(href, settings)), rasterio.open(readable_href(href, settings)) as source:
        assert source.read(1).all()
    server.fail(stall(60), times=20, path="b.tif")
    before = time.monotonic()
    with rasterio.Env(**gdal_options(href, settings)), pytest.raises(rasterio.RasterioIOError):
        rasterio.open(f"{server.url}/b.tif")
    assert time.monotonic() - before < 20


def test_the_usgs_catalog_is_asked_by_its_own_collection_names() -> None:
    query = make_query(["landsat-c2-l2", "landsat-c2-l1", "other"], [], None, moment("2020-01-01T00:00:00Z"), None)
    assert query.renamed(PRESETS["usgs"].collections).collections == ("landsat-c2l2-sr", "landsat-c2l1", "other")


def test_only_an_upright_rectangle_is_asked_as_a_box() -> None:
    box = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]}
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}
    begin = moment("2020-01-01T00:00:00Z")
    assert [make_query([], [], area, begin, None).is_box for area in (box, triangle)] == [True, False]
