"""What is wrong with one scene is said and does not stop the others."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS


@pytest.fixture
def damaged(tmp_path, series):
    """A copy of the series to do harm to: the folder, and the path of a band of its n-th scene."""
    folder = tmp_path / "damaged"
    shutil.copytree(series.folder, folder)

    def band(number: int, name: str) -> Path:
        (path,) = (folder / series.scene_ids[number]).glob(f"*_{ {'red': 'SR_B4', 'green': 'SR_B3'}[name] }.TIF")
        return path

    return folder, band


def edit_item(folder: Path, scene_id: str, change) -> None:
    path = folder / scene_id / f"{scene_id}.json"
    item = json.loads(path.read_text())
    change(item)
    path.write_text(json.dumps(item))


def scan(project):
    outcome = project("scan", "--format", "json")
    return outcome, {failure["scene_id"]: failure["error"] for failure in outcome.json["failures"]}


def test_every_damaged_scene_is_named_and_the_good_ones_are_processed(make_project, damaged, series):
    folder, band = damaged
    missing, truncated, page, good = series.scene_ids[1:5]
    edit_item(folder, missing, lambda item: item["assets"].pop("red"))
    content = band(2, "red").read_bytes()
    band(2, "red").write_bytes(content[: len(content) // 3])
    band(3, "green").write_text("<html><body>503 Service unavailable</body></html>")
    outcome, errors = scan(make_project(folder / "catalog.json"))
    assert outcome.code == 1
    assert {key: outcome.json[key] for key in ("processed", "failed")} == {"processed": 2, "failed": 3}
    assert "no band 'red'" in errors[missing]
    assert "not a readable raster" in errors[truncated]
    assert "not a readable raster" in errors[page]
    assert good not in errors
    for scene_id in (missing, truncated, page):
        assert scene_id in outcome.err


def test_a_failed_scene_stores_its_reason_and_nothing_else_and_heals(make_project, damaged, series):
    folder, band = damaged
    content = band(1, "red").read_bytes()
    band(1, "red").write_bytes(content[:1000])
    project = make_project(folder / "catalog.json")
    assert project("scan").code == 1
    listed = {scene["scene_id"]: scene for scene in project.ok("scenes", "list", "--format", "json").json}
    broken = listed[series.scene_ids[1]]
    assert (broken["state"], broken["attempts"], broken["metrics"]) == ("failed", 1, {})
    assert "band red" in broken["error"]
    assert project("history", "sweeps", series.scene_ids[1]).code == 1
    band(1, "red").write_bytes(content)
    healed = project.ok("scan", "--format", "json").json
    assert (healed["processed"], healed["failed"]) == (1, 0)


def test_nodata_and_a_foreign_crs_fail_with_the_remedy(make_project, damaged, series):
    folder, _ = damaged
    for path in (folder / series.scene_ids[1]).glob("*_SR_B*.TIF"):
        with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dst:
            dst.write(np.zeros(dst.shape, dst.dtypes[0]), 1)
    for path in (folder / series.scene_ids[2]).glob("*.TIF"):
        with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dst:
            dst.crs = CRS.from_epsg(32633)
    outcome, errors = scan(make_project(folder / "catalog.json"))
    assert outcome.json["processed"] == 3
    for scene_id in series.scene_ids[1:3]:
        assert "no valid pixel inside the AOI" in errors[scene_id]


def test_malformed_and_duplicate_items_do_not_stop_the_pass(make_project, damaged, series):
    folder, _ = damaged
    edit_item(folder, series.scene_ids[1], lambda item: item["properties"].pop("datetime"))
    collection = json.loads((folder / "collection.json").read_text())
    collection["links"] += [link for link in collection["links"] if link["rel"] == "item"][-1:]
    (folder / "collection.json").write_text(json.dumps(collection))
    project = make_project(folder / "catalog.json")
    outcome, errors = scan(project)
    assert outcome.code == 1
    assert outcome.json["processed"] == len(series.scene_ids) - 1
    assert "datetime" in errors[series.scene_ids[1]]
    states = {scene["scene_id"]: scene["state"] for scene in project.ok("scenes", "list", "--format", "json").json}
    assert states[series.scene_ids[1]] == "failed"
    assert len(states) == len(series.scene_ids)


def test_an_aoi_outside_the_scenes_is_said_with_the_remedy(make_project, series, caplog):
    west, south, east, north = series.bbox
    project = make_project(monitor={"aoi": [west + 0.5, south, east + 0.5, north]})
    outcome = project("reference", "fit", "lake")
    assert outcome.code == 1
    assert f"scene {series.reference_id}: no valid pixel inside the AOI" in outcome.err
    project.ok("scan")
    assert "no scene of landsat-c2-l2 (platforms: landsat-8) in the AOI" in caplog.text


def test_a_model_that_changed_on_disk_is_refused_and_no_scene_pays_for_it(make_project, series):
    project = make_project()
    project.ok("reference", "fit", "lake")
    model = project.config.parent / "models" / "lake" / "1" / "labels.tif"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    outcome = project("scan")
    assert outcome.code == 1
    assert "labels.tif has changed since it was saved" in outcome.err
    assert "monitor reference fit" in outcome.err
    project.ok("reference", "fit", "lake")
    assert project.ok("scan", "--format", "json").json["processed"] == len(series.scene_ids)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write read-only files")
def test_a_read_only_database_is_said(make_project):
    project = make_project()
    project.ok("scan")
    path = project.config.parent / "monitor.db"
    path.chmod(0o400)
    outcome = project("scan")
    assert outcome.code == 1
    assert "read-only" in outcome.err


def test_the_configuration_names_file_key_and_what_is_allowed(make_project):
    project = make_project(engin={"workers": 1})
    outcome = project("scan")
    assert outcome.code == 2
    assert "config.yaml: engin: unknown key, did you mean 'engine'" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["scan", "nowhere"], 2),
        (["export", "flags", "-o", "x.tif"], 2),
        (["alerts", "list", "--kind", "fire"], 2),
        (["history", "sweeps", "LC08_NOTHING"], 1),
        (["scenes", "list"], 1),
    ],
)
def test_misuse_and_nothing_stored_have_their_exit_codes(make_project, arguments, code):
    outcome = make_project()(*arguments)
    assert outcome.code == code
    assert outcome.err
    assert "Traceback" not in outcome.err


def test_a_changed_aoi_is_refused_while_the_history_lies_on_the_old_one(make_project, series):
    project = make_project()
    project.ok("scan")
    west = series.bbox[0]
    text = project.config.read_text().replace(str(round(west, 5)), str(round(west + 0.02, 5)))
    project.config.write_text(text)
    outcome = project("scan")
    assert outcome.code == 2
    assert "give the new area a monitor of its own" in outcome.err
