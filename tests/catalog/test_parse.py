import json
from datetime import UTC, date, datetime
from typing import Any

import pystac
import pytest

from monitor.catalog import parse_item
from monitor.catalog.item import SceneItem
from monitor.errors import ItemError
from tests.catalog.items import BANDS, make_item, shared, with_properties

DAY = date(2020, 3, 4)


def changed_asset(item: dict[str, Any], name: str, asset: Any) -> dict[str, Any]:
    return item | {"assets": item["assets"] | {name: asset}}


@pytest.mark.parametrize(
    ("file", "scene_id", "product_id", "bands"),
    [
        ("earth-search_landsat-c2-l2_LC08_L2SP_033032_20231008.json", "033032_20231008", "20231008_20231017", 9),
        ("stactools_landsat-c2-l2_LC08_L2SP_047027_20201204.json", "047027_20201204", "20201204_20210313", 9),
        ("usgs-landsatlook_landsat-c2l2-sr_LC08_L2SP_028030_20200114.json", "028030_20200114", "20200114_20200824", 8),
    ],
)
def test_real_items_of_three_catalogs_read_alike(file: str, scene_id: str, product_id: str, bands: int) -> None:
    path = shared("stac-items", file)
    scene = parse_item(json.loads(path.read_text()), "real", str(path))
    assert scene.scene_id == f"LC08_L2SP_{scene_id}_02_T1"
    assert scene.product_id == f"LC08_L2SP_{scene_id[:6]}_{product_id}_02_T1"
    assert scene.platform == "landsat-8"
    assert not scene.needs_sun_correction
    assert len(scene.assets) == bands
    blue, quality = scene.assets["blue"], scene.assets["qa_pixel"]
    assert (blue.scale, blue.offset, blue.nodata) == (2.75e-05, -0.2, 0)
    assert (quality.scale, quality.offset, quality.nodata) == (1, 0, 1)
    assert all("://" in asset.href or asset.href.startswith("/") for asset in scene.assets.values())
    assert scene.datetime.utcoffset() == UTC.utcoffset(None)


def test_a_scene_survives_json() -> None:
    scene = parse_item(make_item(DAY), "c")
    assert SceneItem.from_json(json.loads(json.dumps(scene.to_json()))) == scene


def test_a_pystac_item_reads_as_its_document_does() -> None:
    assert parse_item(pystac.Item.from_dict(make_item(DAY)), "c") == parse_item(make_item(DAY), "c")


def test_bands_are_found_by_common_name_where_the_asset_keys_say_nothing() -> None:
    names = {"B1": "coastal", "B2": "blue", "B5": "nir", "B6": "swir16"}
    assets = {
        key: {"href": f"https://h/p_SR_{key}.TIF", "eo:bands": [{"common_name": name}]} for key, name in names.items()
    }
    assets["visual"] = {"href": "https://h/rgb.tif", "eo:bands": [{"common_name": name} for name in ("red", "green")]}
    assets["preview"] = {"href": "https://h/p.jpg", "roles": ["overview"], "eo:bands": [{"common_name": "red"}]}
    scene = parse_item(make_item(DAY, assets=assets), "c")
    found = {name: asset.href[-6:-4] for name, asset in scene.assets.items()}
    assert found == {"coastal": "B1", "blue": "B2", "nir08": "B5", "swir16": "B6"}


def test_stac_1_1_states_radiometry_in_bands_or_on_the_asset() -> None:
    item = make_item(DAY)
    band = {"eo:common_name": "red", "raster:scale": 0.0001, "raster:offset": -0.1, "nodata": -9999}
    item = changed_asset(item, "red", {"href": "https://h/p_SR_B4.TIF", "bands": [band]})
    flat = {"href": "https://h/p_SR_B3.TIF", "raster:scale": 0.0002, "nodata": "nan", "data_type": "float32"}
    item = changed_asset(item, "green", flat)
    assets = parse_item(item, "c").assets
    assert (assets["red"].scale, assets["red"].offset, assets["red"].nodata) == (0.0001, -0.1, -9999)
    assert (assets["green"].scale, assets["green"].offset, assets["green"].nodata) == (0.0002, 0, None)


@pytest.mark.parametrize(
    ("correction", "name", "values"),
    [
        ("L2SP", "red", (2.75e-05, -0.2, 0)),
        ("L2SP", "lwir11", (0.00341802, 149.0, 0)),
        ("L1TP", "red", (2e-05, -0.1, 0)),
        ("L1TP", "qa_pixel", (1, 0, 1)),
    ],
)
def test_an_item_without_radiometry_gets_the_known_values_of_its_level(
    correction: str, name: str, values: tuple[float, ...]
) -> None:
    item = with_properties(make_item(DAY), **{"landsat:correction": correction})
    asset = parse_item(changed_asset(item, name, {"href": "https://h/x_B9.TIF"}), "c").assets[name]
    assert (asset.scale, asset.offset, asset.nodata) == values


def test_a_band_that_states_a_scale_but_no_nodata_has_none() -> None:
    item = changed_asset(make_item(DAY), "red", {"href": "https://h/x_B4.TIF", "raster:bands": [{"scale": 0.004}]})
    assert parse_item(item, "c").assets["red"].nodata is None


@pytest.mark.parametrize(
    ("properties", "needed"),
    [
        ({"landsat:correction": "L1TP"}, True),
        ({"landsat:correction": "L1GT"}, True),
        ({"landsat:correction": "L2SP"}, False),
        ({"landsat:correction": "L1TP", "view:sun_elevation": None}, False),
        ({"landsat:correction": "L1TP", "view:sun_elevation": -3.0}, False),
    ],
)
def test_only_level_1_under_a_known_sun_is_corrected_for_it(properties: dict[str, Any], needed: bool) -> None:
    assert parse_item(with_properties(make_item(DAY), **properties), "c").needs_sun_correction is needed


def test_impossible_angles_and_cloud_cover_count_as_unknown() -> None:
    odd = {"view:sun_elevation": 400, "view:sun_azimuth": "south", "eo:cloud_cover": -1}
    scene = parse_item(with_properties(make_item(DAY), **odd), "c")
    assert (scene.sun_elevation, scene.sun_azimuth, scene.cloud_cover) == (None, None, None)


def test_a_western_azimuth_is_counted_from_north_clockwise() -> None:
    assert parse_item(with_properties(make_item(DAY), **{"view:sun_azimuth": -30}), "c").sun_azimuth == 330


def test_without_datetime_the_start_counts() -> None:
    span = {"datetime": None, "start_datetime": "2020-03-04T10:00:00-05:00", "end_datetime": "2020-03-04T16:00:00Z"}
    assert parse_item(with_properties(make_item(DAY), **span), "c").datetime == datetime(2020, 3, 4, 15, tzinfo=UTC)


def test_a_moment_without_zone_is_utc() -> None:
    scene = parse_item(with_properties(make_item(DAY), datetime="2020-03-04T16:10:00.5"), "c")
    assert scene.datetime == datetime(2020, 3, 4, 16, 10, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("href", "base", "absolute"),
    [
        ("./x_B4.TIF", "/data/item.json", "/data/x_B4.TIF"),
        ("./x_B4.TIF", "file:///data/item.json", "/data/x_B4.TIF"),
        ("x_B4.TIF", "https://h/c/item.json", "https://h/c/x_B4.TIF"),
        ("/x_B4.TIF", "https://h/c/item.json", "https://h/x_B4.TIF"),
        ("/data/x_B4.TIF", None, "/data/x_B4.TIF"),
        ("file:///data/a%20b/x_B4.TIF", None, "/data/a b/x_B4.TIF"),
        ("s3://bucket/x_B4.TIF", "https://h/c/item.json", "s3://bucket/x_B4.TIF"),
        ("./x_B4.TIF", None, "https://api/collections/c/items/x_B4.TIF"),
    ],
)
def test_hrefs_become_absolute(href: str, base: str | None, absolute: str) -> None:
    item = make_item(DAY, links=[{"rel": "self", "href": "https://api/collections/c/items/one"}])
    item = item | {"assets": {"red": {"href": href}}}
    assert parse_item(item, "c", base).assets["red"].href == absolute


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": None}, "no id"),
        ({"properties": None}, "no properties"),
        ({"geometry": None}, "no geometry"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "geometry is empty"),
        ({"geometry": {"type": "Polygon", "coordinates": "abc"}}, "geometry is malformed"),
        ({"geometry": {"type": "Polygon"}}, "geometry is malformed"),
        ({"geometry": {"type": "Point", "coordinates": [600000, 4800000]}}, "not in degrees"),
        ({"properties": {}}, "no datetime"),
        ({"properties": {"datetime": "yesterday"}}, "'yesterday' is not ISO 8601"),
        ({"properties": {"datetime": 20200304}}, "datetime is 20200304"),
        ({"assets": {}}, "no assets"),
        ({"assets": {"blue": "b.tif"}}, "none of its assets"),
        ({"assets": {"thumbnail": {"href": "https://h/t.jpg"}}}, r"none of its assets \(thumbnail\)"),
        ({"assets": {"red": {"href": ""}}}, "asset 'red': it has no href"),
        ({"assets": {"red": {"href": "./x.tif"}}}, "relative"),
        ({"assets": {"red": {"href": "/x.tif", "raster:bands": [{"scale": "a lot"}]}}}, "scale is 'a lot'"),
        ({"assets": {"red": {"href": "/x.tif", "raster:bands": [{"scale": 0}]}}}, "scale is 0"),
    ],
)
def test_a_malformed_item_is_an_error_that_names_it_and_says_why(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ItemError, match=complaint) as caught:
        parse_item(make_item(DAY, **changes), "c")
    name = "(without id)" if "id" in changes else "LC08_L2SP_018030_20200304_02_T1"
    assert str(caught.value).startswith(f"item {name} of catalog c: ")


def test_every_requested_band_of_the_item_is_there() -> None:
    assert set(parse_item(make_item(DAY), "c").assets) == set(BANDS)
