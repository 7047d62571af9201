"""The main job from a catalog to alerts, through the commands."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely.geometry import Point, shape

from monitor.detection.result import Flag
from monitor.store import open_store
from tests.servers import absolute_item
from tests.store.examples import dump


def contents(database: Path) -> dict[str, list]:
    """Every row of every table of an SQLite file."""
    with open_store(f"sqlite:///{database}") as store:
        return dump(store)


def without(rows, *left_out):
    return [{key: value for key, value in row.items() if key not in left_out} for row in rows]


def test_a_scan_processes_every_scene_and_a_second_one_changes_no_row(make_project, series):
    project = make_project()
    first = project.ok("scan", "--format", "json").json
    assert {key: first[key] for key in ("found", "processed", "skipped", "failed")} == {
        "found": 5, "processed": 5, "skipped": 0, "failed": 0,
    }  # fmt: skip
    before = contents(project.config.parent / "monitor.db")
    assert before["label_tiles"]
    second = project.ok("scan", "--format", "json").json
    assert (second["processed"], second["failed"]) == (0, 0)
    assert contents(project.config.parent / "monitor.db") == before
    states = [scene["state"] for scene in project.ok("scenes", "list", "--format", "json").json]
    assert states == ["done"] * len(series.scene_ids)


def test_every_change_in_sight_has_an_anomaly_alert_at_its_place(scanned, series):
    features = scanned.ok("alerts", "list", "lake", "--kind", "anomaly", "--format", "geojson").json["features"]
    outlines = [shape(feature["geometry"]) for feature in features]
    for change in series.changes:
        if change.visible_items:
            place = shape(change.geometry)
            assert any(outline.intersects(place) for outline in outlines), f"{change.kind} {change.id} is not found"


def test_alert_features_carry_what_a_map_needs(scanned):
    features = scanned.ok("alerts", "list", "--format", "geojson").json["features"]
    assert {feature["properties"]["kind"] for feature in features} >= {"cloud", "anomaly"}
    for feature in features:
        properties = feature["properties"]
        assert properties.keys() >= {
            "id", "monitor", "kind", "state", "score", "area_m2", "first_seen", "last_seen", "scene_ids",
        }  # fmt: skip
        assert 0 <= properties["score"] <= 1
        assert properties["scene_ids"]
        assert datetime.fromisoformat(properties["first_seen"]) <= datetime.fromisoformat(properties["last_seen"])
        assert shape(feature["geometry"]).is_valid
        assert shape(feature["geometry"]).within(Point(-79.2, 43.7).buffer(5))


def test_flags_agree_with_the_truth(scanned, series, tmp_path):
    scanned.ok("export", "flags", "--all", "lake", "-o", tmp_path / "flags")
    tallies = np.zeros(3)
    for scene_id in series.scene_ids[1:]:
        with rasterio.open(tmp_path / "flags" / f"{scene_id}.tif") as src, rasterio.open(series.truth(scene_id)) as dst:
            assert (src.crs, src.dtypes[0], src.nodata) == (dst.crs, "uint8", 255)
            flags, truth = src.read(1), dst.read(1)
            rows, columns = (round(value) for value in (~src.transform @ (dst.transform.c, dst.transform.f))[::-1])
        flags = flags[rows : rows + truth.shape[0], columns : columns + truth.shape[1]]
        judged = (truth != 255) & (flags != 255)
        told, true = (flags > 0)[judged], (truth > 0)[judged]
        tallies += [(told & true).sum(), (told & ~true).sum(), (~told & true).sum()]
    hits, false, missed = tallies
    assert 2 * hits / (2 * hits + false + missed) > 0.75


def test_the_same_scan_by_api_and_by_http_gives_the_same_alerts(make_project, series, scanned, serve_api, serve_folder):
    items = [absolute_item(path) for path in sorted(series.folder.glob("LC*/*.json"))]
    by_api = make_project(serve_api(items))
    by_http = make_project(f"{serve_folder(series.folder).url}/catalog.json")
    expected = outcome_of(scanned)
    for project in (by_api, by_http):
        project.ok("scan")
        assert outcome_of(project) == expected


def test_the_same_scan_on_postgresql_gives_the_same_alerts(make_project, scanned, postgresql_url):
    project = make_project(database=postgresql_url)
    project.ok("scan")
    assert outcome_of(project) == outcome_of(scanned)
    assert project.ok("scan", "--format", "json").json["processed"] == 0


def test_two_workers_give_what_one_gives(make_project, scanned):
    project = make_project(engine={"workers": 2})
    project.ok("scan")
    assert outcome_of(project) == outcome_of(scanned)


def outcome_of(project) -> tuple[list, list]:
    """Alerts and metrics, without when they were written and by which catalog."""
    alerts = project.ok("alerts", "list", "--format", "json").json
    scenes = project.ok("scenes", "list", "--format", "json").json
    return (
        without(alerts, "created_at", "updated_at"),
        [(scene["scene_id"], scene["state"], scene["metrics"]) for scene in scenes],
    )


def test_the_sweep_of_a_scene_is_listed_by_k(scanned, series):
    rows = scanned.ok("history", "sweeps", series.scene_ids[1], "--format", "json").json
    assert [row["k"] for row in rows] == [3, 4, 5, 6]
    assert sum(row["chosen"] for row in rows) == 1
    assert all(row["inertia"] > 0 and -1 <= row["silhouette"] <= 1 for row in rows)


def test_alerts_are_filtered_by_kind_state_and_date(scanned, series):
    every = scanned.ok("alerts", "list", "--format", "json").json
    clouds = scanned.ok("alerts", "list", "--kind", "cloud", "--format", "json").json
    assert 0 < len(clouds) < len(every)
    assert {alert["kind"] for alert in clouds} == {"cloud"}
    last = max(alert["last_seen"] for alert in every)
    recent = scanned.ok("alerts", "list", "--since", last[:10], "--format", "json").json
    assert recent == [alert for alert in every if alert["last_seen"][:10] >= last[:10]]
    new = scanned.ok("alerts", "list", "--state", "new", "--format", "json").json
    assert new == [alert for alert in every if alert["state"] == "new"]


def test_labels_are_exported_with_crs_transform_and_colour_table(scanned, series, tmp_path):
    path = tmp_path / "labels.tif"
    for kind in ("reference", "sweep"):
        scanned.ok("export", "labels", series.scene_ids[1], "-o", path, "--kind", kind)
        with rasterio.open(path) as src:
            assert src.crs.to_epsg() == 32617
            assert src.transform.a == 30
            k = int(src.tags()["k"])
            assert set(np.unique(src.read(1))) <= {*range(k), 255}
            assert len({src.colormap(1)[label] for label in range(k)}) == k
            assert src.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


@pytest.mark.parametrize(
    "command", [["composite"], ["composite", "--bands", "swir22,swir16,red"], ["labels"], ["sweep"]]
)
def test_pictures_are_written(scanned, series, tmp_path, command):
    path = tmp_path / "picture.png"
    name, *rest = command
    scanned.ok("plot", name, series.scene_ids[1], *rest, "-o", path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_scenes_and_alerts_print_as_tables_and_csv(scanned, series):
    assert series.scene_ids[1] in scanned.ok("scenes", "list", "--format", "csv").out
    assert scanned.ok("alerts", "list", "--format", "csv").out.startswith("id,monitor,kind,state,score")
    assert "anomaly" in scanned.ok("alerts", "list").out
    assert "reference" not in scanned.ok("reference", "list").err


def test_a_second_reference_is_the_next_version_and_the_first_can_come_back(make_project, series):
    project = make_project()
    project.ok("reference", "fit", "lake")
    project.ok("reference", "fit", "lake", "--scene", series.scene_ids[0], "--k", 5)
    versions = project.ok("reference", "list", "lake", "--format", "json").json
    assert [(row["version"], row["active"], row["k"]) for row in versions][1] == (2, True, 5)
    project.ok("reference", "activate", "lake", 1)
    versions = project.ok("reference", "list", "--format", "json").json
    assert [row["active"] for row in versions] == [True, False]
    assert project("reference", "activate", "lake", 9).code == 1


def test_a_clear_scene_becomes_the_reference_when_none_is_named(make_project, series):
    project = make_project(monitor={"reference": {"scene": "auto"}})
    project.ok("scan")
    (row,) = project.ok("reference", "list", "--format", "json").json
    with rasterio.open(series.truth(row["scene_id"])) as src:
        assert (src.read(1) == Flag.CLOUD).mean() < 0.01
    assert "done" in {scene["state"] for scene in project.ok("scenes", "list", "--format", "json").json}


def test_a_scan_that_is_killed_is_finished_by_the_next_one(make_project, scanned):
    project = make_project()
    command = [sys.executable, "-m", "monitor", "--config", str(project.config), "scan"]
    for seconds in (6, 9):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        process.wait()
    project.ok("scan")
    assert outcome_of(project) == outcome_of(scanned)


def test_with_a_polygon_only_what_lies_inside_it_is_judged(make_project, series, tmp_path):
    west, south, east, north = series.bbox
    triangle = {"type": "Polygon", "coordinates": [[(west, south), (east, south), (west, north), (west, south)]]}
    (tmp_path / "area.geojson").write_text(json.dumps(triangle))
    project = make_project(monitor={"aoi": str(tmp_path / "area.geojson"), "bands": ["green", "red", "nir08"]})
    project.ok("scan")
    project.ok("export", "flags", series.scene_ids[1], "-o", tmp_path / "flags.tif")
    with rasterio.open(tmp_path / "flags.tif") as src:
        answered = src.read(1) != Flag.NO_ANSWER
    assert answered.mean() == pytest.approx(0.5, abs=0.06)
    features = project.ok("alerts", "list", "--format", "geojson").json["features"]
    inside = shape(triangle).buffer(0.001)
    assert all(shape(feature["geometry"]).within(inside) for feature in features)


def test_a_scene_that_appears_late_is_taken_in_by_the_look_back(make_project, series, tmp_path):
    folder = tmp_path / "late"
    shutil.copytree(series.folder, folder)
    collection = json.loads((folder / "collection.json").read_text())
    late = [link for link in collection["links"] if series.scene_ids[3] in link["href"]]
    rest = [link for link in collection["links"] if link not in late]
    (folder / "collection.json").write_text(json.dumps(collection | {"links": rest}))
    project = make_project(folder / "catalog.json")
    assert project.ok("scan", "--format", "json").json["processed"] == 4
    (folder / "collection.json").write_text(json.dumps(collection))
    assert project.ok("scan", "--format", "json").json["processed"] == 1


def test_an_item_that_could_not_be_read_is_taken_in_when_it_can_be_however_old_it_is(make_project, series, tmp_path):
    folder = tmp_path / "spoiled"
    shutil.copytree(series.folder, folder)
    item = folder / series.scene_ids[1] / f"{series.scene_ids[1]}.json"
    good = item.read_text()
    item.write_text("<html>not now</html>")
    project = make_project(folder / "catalog.json", monitor={"lookback": "1d"})
    assert project("scan", "--format", "json").json["processed"] == 4
    item.write_text(good)
    assert project.ok("scan", "--format", "json").json["processed"] == 1
    assert project.ok("scan", "--format", "json").json["found"] == 1
    assert [scene["state"] for scene in project.ok("scenes", "list", "--format", "json").json] == ["done"] * 5
