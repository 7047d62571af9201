"""What write_catalog leaves on disk."""

import itertools
import json
from pathlib import Path

import numpy as np
import pystac
import pytest
import rasterio
from rasterio.warp import transform_bounds
from shapely.geometry import Point, box, shape

from monitor.catalog.parse import parse_item
from monitor.errors import ConfigError
from monitor.simulate import SimulatedCatalog, write_catalog
from tests.simulate.conftest import band_path, read


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_writes_the_same_bytes_and_another_seed_other_ones(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        write_catalog(tmp_path / name, dates=2, seed=seed, size=96)
    one, again, other = (all_bytes(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert len(one) == 2 * 10 + 4
    red = next(name for name in one if name.endswith("SR_B4.TIF"))
    assert one[red] != other[next(name for name in other if name == red or name.endswith("SR_B4.TIF"))]


def test_pystac_walks_from_the_catalog_to_every_file(made: SimulatedCatalog) -> None:
    catalog = pystac.Catalog.from_file(str(made.catalog))
    (collection,) = catalog.get_collections()
    items = list(collection.get_items())
    assert [item.id for item in items] == list(made.scene_ids)
    assert collection.id == "landsat-c2-l2"
    times = [item.datetime for item in items]
    assert all(round((b - a).total_seconds() / 86_400) == 16 for a, b in itertools.pairwise(times))
    for item in items:
        assert list(item.assets)[:7] == ["coastal", "blue", "green", "red", "nir08", "swir16", "swir22"]
        for asset in item.assets.values():
            assert Path(asset.get_absolute_href()).is_file()
            assert asset.media_type == pystac.MediaType.COG
        assert shape(item.geometry).is_valid
        assert box(*item.bbox).buffer(1e-9).contains(shape(item.geometry))


def test_items_say_what_a_landsat_scene_says_of_itself(made: SimulatedCatalog) -> None:
    item = json.loads((made.folder / made.scene_ids[1] / f"{made.scene_ids[1]}.json").read_text())
    properties = item["properties"]
    assert item["id"] == "LC08_L2SP_018030_20230628_02_T1"
    assert item["assets"]["red"]["href"] == "./LC08_L2SP_018030_20230628_20230706_02_T1_SR_B4.TIF"
    assert item["assets"]["red"]["raster:bands"][0]["scale"] == 2.75e-05
    assert properties["platform"] == "landsat-8"
    assert (properties["landsat:wrs_path"], properties["landsat:wrs_row"]) == ("018", "030")
    assert properties["landsat:scene_id"] == "LC80180302023179LGN00"
    with rasterio.open(band_path(made, made.scene_ids[1], "SR_B4")) as file:
        assert properties["proj:epsg"] == file.crs.to_epsg()
        assert properties["proj:transform"] == list(file.transform)[:6]
        assert properties["proj:shape"] == list(file.shape)
        west, south, east, north = transform_bounds(file.crs, "EPSG:4326", *file.bounds)
    assert np.allclose(item["bbox"], (west, south, east, north), atol=2e-3)


def test_the_box_to_watch_lies_inside_every_scene_but_for_its_corner(made: SimulatedCatalog) -> None:
    watched = box(*made.bbox)
    for item in pystac.Catalog.from_file(str(made.catalog)).get_items(recursive=True):
        footprint = shape(item.geometry)
        assert watched.intersection(footprint).area > 0.97 * watched.area
        assert watched.area > 0.93 * footprint.area
        assert footprint.convex_hull.envelope.contains(watched)


def test_the_monitor_reads_its_own_simulated_items(made: SimulatedCatalog) -> None:
    path = made.folder / made.reference_id / f"{made.reference_id}.json"
    item = parse_item(pystac.Item.from_file(str(path)), "simulated")
    assert (item.scene_id, item.product_id) == (made.reference_id, "LC08_L2SP_018030_20230612_20230620_02_T1")
    assert item.assets["nir08"].scale == 2.75e-05
    assert not item.needs_sun_correction
    assert item.cloud_cover == 0


def test_rasters_are_cloud_optimized_with_overviews_where_they_are_large(tmp_path: Path) -> None:
    made = write_catalog(tmp_path / "catalog", dates=2, seed=1, size=(280, 300))
    for ending, nodata in (("SR_B4", 0), ("QA_PIXEL", 1)):
        with rasterio.open(band_path(made, made.reference_id, ending)) as file:
            structure = file.tags(ns="IMAGE_STRUCTURE")
            assert structure["LAYOUT"] == "COG"
            assert structure["COMPRESSION"] == "DEFLATE"
            assert structure["PREDICTOR"] == "2"
            assert file.block_shapes == [(256, 256)]
            assert file.overviews(1) == [2]
            assert (file.dtypes[0], file.nodata, file.shape) == ("uint16", nodata, (280, 300))
            assert file.crs.to_epsg() == 32617
            assert file.transform.c % 30 == 15
            assert file.transform.f % 30 == 15


def test_bands_quality_and_truth_agree_on_a_small_corner_without_data(made: SimulatedCatalog) -> None:
    for scene_id in made.scene_ids:
        fill = read(band_path(made, scene_id, "SR_B5")) == 0
        assert 0.001 < fill.mean() < 0.03
        assert fill[0, 0]
        assert not fill[-1].any()
        assert np.array_equal(read(band_path(made, scene_id, "QA_PIXEL")) == 1, fill)
        assert (read(made.truth(scene_id))[fill] == 255).all()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="not empty"):
        write_catalog(tmp_path, dates=2, size=96)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    class InterruptedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_catalog(tmp_path / "catalog", dates=2, size=96, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_and_progress_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    steps: list[tuple[int, int]] = []
    made = write_catalog(
        tmp_path / "catalog", dates=3, size=96, progress=lambda done, total: steps.append((done, total))
    )
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert made.catalog.is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["catalog"]


@pytest.mark.parametrize(("dates", "size"), [(1, 96), (2, 95), (2, (300, 40))])
def test_a_series_too_short_or_too_small_is_refused(tmp_path: Path, dates: int, size: tuple[int, int] | int) -> None:
    with pytest.raises(ConfigError, match="at least 2 dates"):
        write_catalog(tmp_path / "catalog", dates=dates, size=size)


def test_changes_file_tells_what_the_result_tells(made: SimulatedCatalog) -> None:
    written = json.loads((made.folder / "truth" / "changes.json").read_text())
    assert [change["id"] for change in written] == [change.id for change in made.changes]
    for told, change in zip(written, made.changes, strict=True):
        assert told["items"] == list(change.items)
        assert told["first_item"] == change.items[0] != made.reference_id
        assert shape(told["geometry"]).buffer(1e-7).contains(Point(told["center"]))
        assert box(*made.bbox).contains(shape(told["geometry"]))
