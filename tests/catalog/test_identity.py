import pytest

from monitor.catalog.identity import landsat_level, platform_of, product_id_of, scene_id_of


@pytest.mark.parametrize(
    ("item_id", "scene_id"),
    [
        ("LC08_L2SP_033032_20231008_02_T1", "LC08_L2SP_033032_20231008_02_T1"),
        ("LC08_L2SP_033032_20231008_02_T1_SR", "LC08_L2SP_033032_20231008_02_T1"),
        ("LC08_L2SP_033032_20231008_20231017_02_T1_SR", "LC08_L2SP_033032_20231008_02_T1"),
        ("LC08_L2SP_033032_20231008_20231017_02_T1_ST", "LC08_L2SP_033032_20231008_02_T1"),
        ("LC08_L1TP_033032_20231008_20231017_02_RT", "LC08_L1TP_033032_20231008_02_RT"),
        ("S2A_17TPJ_20240101_0_L2A", "S2A_17TPJ_20240101_0_L2A"),
    ],
)
def test_spellings_of_one_scene_have_one_id(item_id: str, scene_id: str) -> None:
    assert scene_id_of(item_id) == scene_id


@pytest.mark.parametrize(
    ("names", "product"),
    [
        (["a/LC08_L2SP_1_2_02_T1_SR_B2.tif", "a/LC08_L2SP_1_2_02_T1_SR_B3.tif"], "LC08_L2SP_1_2_02_T1"),
        (
            ["https://h/LC08_L1TP_1_2_02_T1_B2.TIF?sig=x/y_z", "https://h/LC08_L1TP_1_2_02_T1_B10.TIF"],
            "LC08_L1TP_1_2_02_T1",
        ),
        (["/d/LC08_L2SP_1_2_02_T1_SR_B2.tif"], "LC08_L2SP_1_2_02_T1"),
        (["/d/scene_7_blue.tif", "/d/scene_7_red.tif"], "scene_7"),
        (["/d/scene_7_swir16.tif", "/d/scene_7_swir22.tif"], "scene_7"),
        (["/d/scene_7_red.tif"], "scene_7"),
        (["/d/blue.tif", "/d/red.tif"], "the scene"),
        ([], "the scene"),
    ],
)
def test_the_product_is_what_the_band_files_have_in_common(names: list[str], product: str) -> None:
    assert product_id_of(names, "the scene") == product


@pytest.mark.parametrize(
    ("stated", "item_id", "platform"),
    [
        ("LANDSAT_8", "x", "landsat-8"),
        ("landsat-8", "x", "landsat-8"),
        ("Landsat 8", "x", "landsat-8"),
        ("landsat8", "x", "landsat-8"),
        ("sentinel-2a", "x", "sentinel-2a"),
        (None, "LE07_L1TP_119038_20000317_02_T1", "landsat-7"),
        (None, "x", ""),
    ],
)
def test_platforms_have_one_spelling(stated: object, item_id: str, platform: str) -> None:
    assert platform_of(stated, item_id) == platform


@pytest.mark.parametrize(
    ("correction", "item_id", "collection", "level"),
    [
        ("L1GT", "x", "landsat-c2-l2", "L1"),
        ("L2SP", "x", "", "L2"),
        (None, "LC08_L1TP_013032_20180131_02_T1", "", "L1"),
        (None, "LC08_L2SP_013032_20180131_20200101_02_T1_SR", "", "L2"),
        (None, "x", "landsat-c2l1", "L1"),
        (None, "x", "landsat-c2-l2", "L2"),
        (None, "S2A_17TPJ_20240101_0_L1C", "sentinel-2-l1c", None),
    ],
)
def test_the_level_comes_from_the_correction_the_id_or_the_collection(
    correction: str | None, item_id: str, collection: str, level: str | None
) -> None:
    assert landsat_level({"landsat:correction": correction}, item_id, collection) == level
