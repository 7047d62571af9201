"""Questions about the past, through the commands."""

import csv
import json
import sqlite3

import pyarrow.parquet
import pyogrio
import pytest
from shapely.geometry import shape

from monitor.store.tables import QUANTILE_COLUMNS
from tests.e2e.conftest import Project, write_project


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory, series) -> Project:
    """A scanned project of this module's own, for tests that change alerts."""
    project = write_project(tmp_path_factory.mktemp("reviewed") / "project", series, series.catalog, {})
    project.ok("scan")
    return project


def anomalies(project, *options):
    return project.ok("alerts", "list", "--kind", "anomaly", "--format", "json", *options).json


@pytest.mark.parametrize("what", ["scenes", "metrics", "sweeps", "labels", "alerts"])
def test_every_question_is_answered_alike_as_json_csv_and_parquet(scanned, tmp_path, what):
    rows = scanned.ok("history", what, "--format", "json").json
    assert rows
    scanned.ok("history", what, "--format", "csv", "-o", tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open() as file:
        written = list(csv.DictReader(file))
    scanned.ok("history", what, "--format", "parquet", "-o", tmp_path / "rows.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "rows.parquet")
    assert len(written) == table.num_rows == len(rows)
    assert list(written[0]) == table.column_names
    assert scanned.ok("history", what).out.strip()
    for name in set(table.column_names) & set(rows[0]):
        if isinstance(rows[0][name], float):
            assert table[name].to_pylist() == [row[name] for row in rows]
            assert float(written[0][name]) == rows[0][name]


def test_the_history_of_scenes_is_filtered_by_date_and_state(scanned, series):
    every = scanned.ok("history", "scenes", "lake", "--format", "json").json
    assert [row["scene_id"] for row in every] == list(series.scene_ids)
    later = scanned.ok("history", "scenes", "--since", every[2]["datetime"][:10], "--format", "json").json
    assert later == every[2:]
    assert scanned.ok("history", "scenes", "--state", "failed", "--format", "json").json == []


def test_one_metric_is_asked_for_by_name(scanned):
    rows = scanned.ok("history", "metrics", "lake", "--metric", "cloud_fraction", "--format", "json").json
    assert all(row.keys() == {"monitor", "scene_id", "datetime", "cloud_fraction"} for row in rows)
    outcome = scanned("history", "metrics", "--metric", "cloudiness")
    assert outcome.code == 1
    assert "cloud_fraction" in outcome.err


def test_labels_have_ordered_quantiles_around_their_mean_and_agree_with_the_map(scanned, series):
    rows = scanned.ok("history", "labels", series.scene_ids[1], "--format", "json").json
    assert len({(row["label"], row["band"]) for row in rows}) == len(rows)
    for row in rows:
        values = [row[name] for name in QUANTILE_COLUMNS]
        assert values == sorted(values)
        assert values[0] <= row["mean"] <= values[-1]
        assert 1 <= row["unique_values"] <= row["pixels"]
    pixels = sum(row["pixels"] for row in rows if row["band"] == "red")
    metrics = scanned.ok("history", "scenes", "--format", "json").json
    assert pixels > 0
    assert metrics
    own = scanned.ok("history", "labels", series.scene_ids[1], "--kind", "sweep", "--format", "json").json
    assert {row["map"] for row in own} == {"sweep"}
    assert sum(row["pixels"] for row in own if row["band"] == "red") == pixels


def test_a_changed_pixel_shows_when_it_changed_and_how_far(scanned, series):
    change = max((c for c in series.changes if c.visible_items), key=lambda c: c.area_m2)
    place = shape(change.geometry).representative_point()
    rows = scanned.ok("history", "pixel", "lake", "--lon", place.x, "--lat", place.y, "--format", "json").json
    assert [row["scene_id"] for row in rows] == list(series.scene_ids)
    by_scene = {row["scene_id"]: row for row in rows}
    first = by_scene[series.reference_id]
    assert (first["flag"], first["label"], first["spectrum_distance"]) == ("clear", first["reference_label"], 0)
    assert len({row["reference_label"] for row in rows}) == 1
    assert "anomaly" in {by_scene[item]["flag"] for item in change.visible_items}
    for row in rows:
        assert (row["spectrum_distance"] == 0) == (row["label"] == row["reference_label"])


def test_reference_labels_are_found_in_the_database_when_the_model_is_gone(reviewed, series):
    place = shape(series.changes[0].geometry).representative_point()
    question = ("history", "pixel", "lake", "--lon", place.x, "--lat", place.y, "--format", "json")
    with_files = reviewed.ok(*question).json
    models = reviewed.config.parent / "models"
    models.rename(models.with_name("elsewhere"))
    try:
        assert reviewed.ok(*question).json == with_files
    finally:
        models.with_name("elsewhere").rename(models)


def test_an_area_is_shared_out_among_labels_and_flags_on_every_date(scanned, series, tmp_path):
    change = max((c for c in series.changes if c.visible_items), key=lambda c: c.area_m2)
    (tmp_path / "place.geojson").write_text(json.dumps(change.geometry))
    rows = scanned.ok("history", "area", "lake", "--geojson", tmp_path / "place.geojson", "--format", "json").json
    for scene_id in series.scene_ids:
        here = [row for row in rows if row["scene_id"] == scene_id]
        assert sum(row["share"] for row in here) == pytest.approx(1)
        assert sum(row["area_m2"] for row in here) == pytest.approx(change.area_m2, rel=0.1)
    seen = [row for row in rows if row["scene_id"] in change.visible_items and row["flag"] == "anomaly"]
    assert sum(row["share"] for row in seen) > 0.3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pixel", "lake", "--lon", "3", "--lat", "50"), "outside the area"),
        (("pixel", "lake", "--lon", "300", "--lat", "50"), "not degrees"),
        (("pixel", "lke", "--lon", "3", "--lat", "50"), "no monitor 'lke'"),
        (("area", "lake", "--geojson", "missing.geojson"), "missing.geojson"),
        (("scenes", "--format", "parquet"), "--output"),
        (("scenes", "-o", "rows.txt"), "--format"),
        (("scenes", "--format", "csv", "-o", "/proc/rows.csv"), "cannot be written"),
        (("labels", "LC08_NOTHING"), "no scene"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(scanned, arguments, said):
    outcome = scanned("history", *arguments)
    assert outcome.code in (1, 2)
    assert said in outcome.err


def test_an_area_elsewhere_is_refused(scanned, tmp_path):
    ring = [[10, 10], [11, 10], [11, 11], [10, 10]]
    (tmp_path / "far.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    outcome = scanned("history", "area", "lake", "--geojson", tmp_path / "far.geojson")
    assert outcome.code == 1
    assert "no pixel of monitor lake" in outcome.err


def test_people_move_an_alert_through_its_life_and_every_step_is_kept(reviewed):
    number = anomalies(reviewed)[0]["id"]
    reviewed.ok("alerts", "dismiss", number, "--reason", "not-interesting", "--author", "ann", "--note", "a barge")
    reviewed.ok("alerts", "reopen", number, "--author", "ben")
    reviewed.ok("alerts", "ack", number, "--author", "ben")
    reviewed.ok("alerts", "comment", number, "asked the harbour", "--author", "ben")
    reviewed.ok("alerts", "confirm", number, "--author", "ann")
    shown = reviewed.ok("alerts", "show", number, "--format", "json").json
    by_people = [event for event in shown["events"] if event["author"] != "system"]
    assert [(event["author"], event["event"], event["to_state"], event["note"]) for event in by_people] == [
        ("ann", "dismissed", "dismissed", "not interesting: a barge"),
        ("ben", "reopened", "new", None),
        ("ben", "acknowledged", "acknowledged", None),
        ("ben", "comment", None, "asked the harbour"),
        ("ann", "confirmed", "confirmed", None),
    ]
    assert "asked the harbour" in reviewed.ok("alerts", "show", number).out


def test_a_change_of_several_alerts_is_made_for_all_or_for_none(reviewed):
    one, other = [row["id"] for row in anomalies(reviewed)][-2:]
    before = {row["id"]: row["state"] for row in anomalies(reviewed)}
    assert reviewed("alerts", "dismiss", one, 99999, "--reason", "wrong").code == 1
    assert {row["id"]: row["state"] for row in anomalies(reviewed)} == before
    reviewed.ok("alerts", "dismiss", one, other, "--reason", "cloud")
    after = {row["id"]: row["state"] for row in anomalies(reviewed)}
    assert (after[one], after[other]) == ("dismissed", "dismissed")


@pytest.mark.parametrize(
    "arguments",
    [("dismiss", 1), ("dismiss", 1, "--reason", "boring"), ("comment", 1, "  "), ("confirm", 99999), ("show", 99999)],
)
def test_what_cannot_be_done_to_an_alert_is_refused(reviewed, arguments):
    assert reviewed("alerts", *arguments).code in (1, 2)


def test_an_alert_is_shown_with_its_evidence_in_words(scanned):
    for row in anomalies(scanned):
        shown = scanned.ok("alerts", "show", row["id"], "--format", "json").json
        assert " ha, " in shown["words"]
        assert "border" in shown["words"]
        assert shown["became"].endswith(row["state"])
        assert shown["sightings"]
        assert {"seen"} <= {look["outcome"] for look in shown["looks"]}


def test_alerts_are_exported_for_maps_and_spreadsheets_with_the_same_outlines(scanned, tmp_path):
    rows = anomalies(scanned)
    for ending in ("geojson", "gpkg", "csv", "parquet"):
        scanned.ok("alerts", "export", "lake", "--kind", "anomaly", "-o", tmp_path / f"alerts.{ending}")
    features = json.loads((tmp_path / "alerts.geojson").read_text())["features"]
    assert [feature["id"] for feature in features] == [row["id"] for row in rows]
    info, _, geometries, _ = pyogrio.raw.read(tmp_path / "alerts.gpkg", layer="alerts")
    assert info["crs"] == "EPSG:4326"
    assert len(geometries) == len(rows)
    with (tmp_path / "alerts.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [int(row["id"]) for row in table] == [row["id"] for row in rows]
    assert table[0]["wkt"].startswith(("POLYGON", "MULTIPOLYGON"))
    metadata = pyarrow.parquet.read_schema(tmp_path / "alerts.parquet").metadata
    assert json.loads(metadata[b"geo"])["primary_column"] == "geometry"
    assert scanned("alerts", "export", "-o", tmp_path / "alerts.shp").code == 2


@pytest.mark.parametrize("name", ["timeline", "signatures", "alert"])
def test_charts_of_the_history_are_written(scanned, series, tmp_path, name):
    subject = {"timeline": "lake", "signatures": series.scene_ids[1], "alert": anomalies(scanned)[0]["id"]}[name]
    path = tmp_path / "chart.png"
    scanned.ok("plot", name, subject, "-o", path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < path.stat().st_size < 250_000


def test_history_of_scenes_from_before_there_were_quantiles_is_still_shown(reviewed, series):
    with sqlite3.connect(reviewed.config.parent / "monitor.db") as connection:
        connection.execute("UPDATE label_band_stats SET unique_values = NULL, q50 = NULL")
    connection.close()
    rows = reviewed.ok("history", "labels", series.scene_ids[0], "--format", "json").json
    assert {row["unique_values"] for row in rows} == {None}
    assert reviewed.ok("plot", "signatures", series.scene_ids[0], "-o", reviewed.config.parent / "s.png")
