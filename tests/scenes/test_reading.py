"""Reading a scene onto the monitor's grid."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Geod
from rasterio.crs import CRS

from monitor.errors import AssetError, AssetUnavailable, SceneError, TooFewPixels
from monitor.scenes.grid import Grid
from monitor.scenes.layout import area_mask, make_grid
from monitor.scenes.reading import TRIES, read_scene, scene_grid
from tests import rasters
from tests.rasters import BANDS, SCALE, plain_href, write_scene
from tests.servers import Reply


@pytest.fixture
def grid() -> Grid:
    return rasters.make_grid()


@pytest.fixture
def ground(grid: Grid) -> np.ndarray:
    return rasters.patchwork(grid)


def read(item, grid, bands=BANDS, inside=None, **options):
    return read_scene(item, grid, bands, inside, plain_href, **options)


def test_reflectance_comes_back_as_it_was_written(tmp_path, grid, ground):
    scene = read(write_scene(tmp_path, ground, grid), grid)
    assert scene.valid.all()
    np.testing.assert_allclose(scene.reflectance, ground, atol=SCALE)


def test_any_subset_of_bands_is_read_in_the_order_asked_for(tmp_path, grid, ground):
    scene = read(write_scene(tmp_path, ground, grid), grid, bands=("swir22", "green"))
    np.testing.assert_allclose(scene.reflectance, ground[[5, 1]], atol=SCALE)


def test_a_scene_with_another_origin_is_aligned_by_its_georeference(tmp_path, grid, ground):
    moved = replace(grid, transform=grid.transform @ Affine.translation(7, -4))
    scene = read(write_scene(tmp_path, ground, moved), grid)
    np.testing.assert_allclose(scene.reflectance[:, :-4, 7:], ground[:, 4:, :-7], atol=SCALE)
    assert not scene.valid[-4:].any()
    assert not scene.valid[:, :7].any()
    assert np.isnan(scene.reflectance[:, ~scene.valid]).all()


def test_a_scene_on_another_lattice_is_warped_onto_the_grid(tmp_path, grid, ground):
    smooth = np.broadcast_to(np.linspace(0.1, 0.4, grid.width), ground.shape).astype(np.float32)
    half = replace(grid, transform=grid.transform @ Affine.translation(0.5, 0.5))
    scene = read(write_scene(tmp_path, smooth, half), grid)
    inner = (slice(None), slice(2, -2), slice(2, -2))
    step = smooth[0, 0, 1] - smooth[0, 0, 0]
    np.testing.assert_allclose(scene.reflectance[inner], smooth[inner] - step / 2, atol=2 * SCALE)


def test_a_scene_in_the_next_utm_zone_lands_in_the_same_place(tmp_path, grid):
    other = Grid(CRS.from_epsg(32618), Affine(30, 0, 112000, 0, -30, 4_865_010), 300, 300)
    bright = np.full((6, *other.shape), 0.1, np.float32)
    row, column = 150, 140
    bright[:, row - 2 : row + 3, column - 2 : column + 3] = 0.5
    item = write_scene(tmp_path, bright, other)
    lon, lat = np.array(other.to_lonlat(point(other, row, column))["coordinates"])
    near = make_grid(grid.crs, grid.transform, box(lon, lat, 0.01), None, "x")
    scene = read(item, near)
    rows, columns = np.nonzero(scene.reflectance[0] > 0.4)
    seen = near.to_lonlat(point(near, rows.mean(), columns.mean()))["coordinates"]
    assert math.hypot((seen[0] - lon) * 80_000, (seen[1] - lat) * 111_000) < 15


@pytest.mark.parametrize(
    ("epsg", "transform"),
    [
        (4326, Affine(0.00027, 0, -79.8, 0, -0.00027, 43.8)),
        (3857, Affine(30, 0, -8_880_000, 0, -30, 5_420_000)),
        (2263, Affine(80, 0, 900_000, 0, -80, 300_000)),
    ],
    ids=["degrees", "Web Mercator", "feet"],
)
def test_a_scene_that_is_not_in_metres_on_the_ground_is_laid_on_such(tmp_path, epsg, transform):
    other = Grid(CRS.from_epsg(epsg), transform, 300, 300)
    bright = np.full((6, *other.shape), 0.1, np.float32)
    bright[:, 140:160, 100:120] = 0.5
    item = write_scene(tmp_path, bright, other)
    lon, lat = other.to_lonlat(point(other, 149.5, 109.5))["coordinates"]
    grid = scene_grid(item, BANDS, box(lon, lat, 0.01), None, plain_href)
    assert grid.crs == CRS.from_epsg(32617 if lon < -78 else 32618)
    assert 20 < grid.pixel_size_m < 31
    rows, columns = np.nonzero(read(item, grid).reflectance[0] > 0.3)
    seen = grid.to_lonlat(point(grid, rows.mean(), columns.mean()))["coordinates"]
    assert math.hypot((seen[0] - lon) * 80_000, (seen[1] - lat) * 111_000) < 15
    corners = [other.to_lonlat(point(other, row - 0.5, col - 0.5))["coordinates"] for row, col in CORNERS]
    true_m2, _ = Geod(ellps="WGS84").polygon_area_perimeter(*zip(*corners, strict=True))
    assert rows.size * grid.pixel_area_m2 == pytest.approx(abs(true_m2), rel=0.05)
    assert make_grid(grid.crs, grid.transform, box(lon, lat, 0.01), None, "x") == grid


CORNERS = [(140, 100), (140, 120), (160, 120), (160, 100)]


def point(grid: Grid, row: float, column: float) -> dict[str, object]:
    x, y = grid.transform @ (column + 0.5, row + 0.5)
    return {"type": "Point", "coordinates": (x, y)}


def box(lon: float, lat: float, half: float) -> dict[str, object]:
    west, south, east, north = lon - half, lat - half, lon + half, lat + half
    return {
        "type": "Polygon",
        "coordinates": [[(west, south), (east, south), (east, north), (west, north), (west, south)]],
    }


def test_level_1_reflectance_is_divided_by_the_sine_of_the_sun_elevation(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid, needs_sun_correction=True, sun_elevation=30.0)
    np.testing.assert_allclose(read(item, grid).reflectance, 2 * ground, atol=3 * SCALE)


def test_a_sun_at_the_horizon_is_refused(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid, needs_sun_correction=True, sun_elevation=2.0)
    with pytest.raises(SceneError, match=r"LC08_L2SP_018030_20240601_02_T1: the sun stood 2\.0 degrees"):
        read(item, grid)


def test_nodata_in_one_band_and_qa_fill_are_invalid(tmp_path, grid, ground):
    ground[2, 10:20] = np.nan
    qa = np.full(grid.shape, 1 << 6, np.uint16)
    qa[30:40] = 1
    item = write_scene(tmp_path, ground, grid, qa=qa)
    scene = read(item, grid)
    assert not scene.valid[10:20].any()
    assert not scene.valid[30:40].any()
    assert scene.valid.sum() == 40 * grid.width
    assert read(item, grid, use_qa=False).qa is None


def test_the_aoi_masks_what_lies_outside_it(tmp_path, grid, ground):
    left, bottom, right, top = grid.bounds
    triangle = grid.to_lonlat(
        {"type": "Polygon", "coordinates": [[(left, bottom), (right, bottom), (left, top), (left, bottom)]]}
    )
    scene = read(write_scene(tmp_path, ground, grid), grid, inside=area_mask(triangle, grid))
    assert scene.valid.mean() == pytest.approx(0.5, abs=0.02)
    assert scene.valid[-2, 1]
    assert not scene.valid[1, -2]


def test_a_missing_band_names_the_scene_and_what_it_has(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground[:2], grid, bands=("blue", "green"))
    with pytest.raises(SceneError, match="LC08_L2SP_018030_20240601_02_T1: no band 'red'; it has blue, green"):
        read(item, grid)


def test_an_aoi_outside_the_scene_names_the_scene_and_the_remedy(tmp_path, grid, ground):
    far = replace(grid, transform=grid.transform @ Affine.translation(1000, 0))
    item = write_scene(tmp_path, ground, grid)
    with pytest.raises(
        SceneError, match=r"LC08_L2SP_018030_20240601_02_T1: no valid pixel inside the AOI.*check `aoi`"
    ):
        read(item, far)


def test_a_scene_of_nothing_but_nodata_is_refused(tmp_path, grid, ground):
    with pytest.raises(SceneError, match="no valid pixel"):
        read(write_scene(tmp_path, np.full_like(ground, np.nan), grid), grid)


def test_a_scene_that_only_touches_the_aoi_is_too_small_to_use(tmp_path, grid, ground):
    moved = replace(grid, transform=grid.transform @ Affine.translation(grid.width - 2, 0))
    with pytest.raises(TooFewPixels, match=r"only 2\.5% of the AOI has data"):
        read(write_scene(tmp_path, ground, moved), grid, min_valid=0.05)


def test_an_html_page_in_place_of_a_band_is_an_asset_error(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid)
    Path(item.assets["red"].href).write_text("<html>Service unavailable</html>")
    with pytest.raises(AssetError, match=r"LC08_L2SP_018030_20240601_02_T1: band red .* is not a readable raster"):
        read(item, grid)


def test_a_truncated_band_is_an_asset_error(tmp_path, grid):
    noise = np.random.default_rng(1).uniform(0, 0.5, (6, *grid.shape)).astype(np.float32)
    item = write_scene(tmp_path, noise, grid)
    path = Path(item.assets["nir08"].href)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AssetError, match="band nir08"):
        read(item, grid)


def test_a_file_that_is_not_there_is_worth_another_try(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid)
    Path(item.assets["blue"].href).unlink()
    with pytest.raises(AssetUnavailable, match="band blue"):
        read(item, grid)


def test_a_band_without_crs_is_refused(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid)
    with rasterio.open(item.assets["green"].href, "r+") as dst:
        dst.crs = CRS()
    with pytest.raises(SceneError, match=r"band green .* has no CRS"):
        read(item, grid)


def test_the_signature_of_a_signed_address_stays_out_of_the_message(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid)
    secret = str(tmp_path / "nowhere.tif?sig=SECRET")
    with pytest.raises(AssetUnavailable) as caught:
        read_scene(item, grid, BANDS, None, lambda asset: (secret, {}))
    assert "SECRET" not in str(caught.value)


def test_of_several_bands_that_cannot_be_read_the_damaged_ones_are_named(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid)
    Path(item.assets["blue"].href).unlink()
    for name in ("red", "nir08"):
        Path(item.assets[name].href).write_text("<html>gone</html>")
    with pytest.raises(AssetError, match=r"band red .* band nir08") as caught:
        read(item, grid)
    assert "band blue" not in str(caught.value)


def test_a_damaged_band_is_told_from_a_server_that_is_down(tmp_path, grid, ground, serve_folder):
    item = write_scene(tmp_path, ground, grid)
    red = Path(item.assets["red"].href)
    red.write_text("<html>gone</html>")
    server = serve_folder(tmp_path)
    asked: list[str] = []

    def open_href(asset):
        asked.append(asset.name)
        down = "down/" if asked.count("red") > 1 else ""
        return f"/vsicurl/{server.url}/{down}{Path(asset.href).relative_to(tmp_path)}", {"GDAL_HTTP_TIMEOUT": "5"}

    with pytest.raises(AssetError, match=r"band red .* is not a readable raster"):
        read_scene(item, grid, BANDS, None, open_href)
    assert asked.count("red") == TRIES


def test_a_band_whose_signature_is_not_accepted_is_opened_anew(tmp_path, grid, ground, serve_folder):
    item = write_scene(tmp_path, ground, grid)
    server = serve_folder(tmp_path)
    asked: list[str] = []

    def open_href(asset):
        asked.append(asset.name)
        expired = "expired/" if asset.name == "red" and asked.count("red") == 1 else ""
        return f"/vsicurl/{server.url}/{expired}{Path(asset.href).relative_to(tmp_path)}", {"GDAL_HTTP_TIMEOUT": "5"}

    server.fail(Reply(403, "signature expired"), times=9, path="expired/")
    scene = read_scene(item, grid, BANDS, None, open_href)
    assert scene.valid.all()
    assert {name: asked.count(name) for name in asked} == {**dict.fromkeys(asked, 1), "red": 2}


def test_the_monitors_grid_is_the_scenes_lattice_over_the_aoi(tmp_path, grid, ground):
    item = write_scene(tmp_path, ground, grid)
    made = scene_grid(item, BANDS, rasters.area_of(grid, margin_px=5), None, plain_href)
    assert (made.transform.c - grid.transform.c) % 30 == 0
    assert 0 <= made.height - (grid.height - 10) <= 2
    assert 0 <= made.width - (grid.width - 10) <= 2
    coarse = scene_grid(item, BANDS, rasters.area_of(grid), 60, plain_href)
    assert coarse.transform.a == 60


def test_an_aoi_of_a_continent_is_refused(grid):
    with pytest.raises(SceneError, match="split it over several monitors"):
        make_grid(grid.crs, grid.transform, box(-80, 43, 5), None, "x")
