"""The history in Python, on both databases."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform
from shapely.geometry import box

import monitor
from monitor.detection.result import Kind
from monitor.errors import ConfigError, NotFoundError, QueryError, StoreError
from monitor.history import History
from monitor.scenes.grid import Grid
from monitor.store import Store
from monitor.store.maps import read_map
from monitor.store.monitors import ensure_monitor, set_grid
from monitor.store.references import activate_reference, add_reference
from tests.store.examples import NOON, add_scene, create_alert, finding, item, labels, save, square

DAY = timedelta(days=1)
GRID = Grid(CRS.from_epsg(32617), Affine(30, 0, 630000, 0, -30, 4840000), 600, 700)


@pytest.fixture
def history(store: Store) -> History:
    """Three processed scenes and one that is not, with an alert."""
    with store.session() as session:
        monitor_id = ensure_monitor(session, "toronto")
        set_grid(session, monitor_id, GRID)
        for day, name in enumerate(("A", "B", "C")):
            number = add_scene(session, item(name, name, datetime=NOON + day * DAY))
            findings = save(session, number, finding())
        add_scene(session, item("D", "D", datetime=NOON + 3 * DAY))
        create_alert(
            session, monitor_id, kind=Kind.ANOMALY, score=0.8, area_m2=900, geometry=square(-79, 44), seen=NOON,
            description="forest became bare soil", finding_ids=findings,
        )  # fmt: skip
        add_reference(session, monitor_id, version=1, scene_id="A", k=4, seed=0, sha256="", path="none", metrics={})
        activate_reference(session, monitor_id, 1)
    return History(store, None)


def at(row: int, col: int) -> tuple[float, float]:
    """Longitude and latitude of the centre of a pixel."""
    x, y = GRID.transform @ (col + 0.5, row + 0.5)
    (lon,), (lat,) = transform(GRID.crs, "EPSG:4326", [x], [y])
    return lon, lat


def test_frames_have_the_rows_of_the_database_with_times_in_utc(history: History) -> None:
    scenes = history.scenes("toronto")
    assert list(scenes.scene_id) == ["A", "B", "C", "D"]
    assert list(scenes.state) == ["done"] * 3 + ["discovered"]
    assert str(scenes.datetime.dt.tz) == "UTC"
    assert scenes.crs.to_epsg() == 4326
    assert scenes.geometry.geom_type.unique().tolist() == ["Polygon"]
    assert list(history.scenes(since="2020-06-02", until="2020-06-03T13:00:00Z").scene_id) == ["B", "C"]
    assert history.scenes(state="failed").empty
    assert history.monitors() == ["toronto"]


def test_metrics_sweeps_and_labels_are_tidy_frames(history: History) -> None:
    assert history.metrics().cloud_share.tolist() == [0.25] * 3
    assert history.metrics(names=["cloud_share"]).columns.tolist() == ["monitor", "scene_id", "datetime", "cloud_share"]
    sweeps = history.sweeps("B")
    assert sweeps.k.tolist() == [3, 4]
    assert sweeps.chosen.tolist() == [False, True]
    assert len(history.sweeps()) == 6
    found = history.labels("B")
    assert found.groupby("label")["mean"].first().to_dict() == {0: 0.1, 1: 0.3}
    assert found.band.tolist() == ["red", "nir08"] * 2


def test_alerts_are_a_geopandas_frame_with_outlines(history: History) -> None:
    (alert,) = history.alerts("toronto", kind="anomaly", bbox=(-80, 43, -78, 45)).itertuples()
    assert (alert.state, alert.scene_ids, alert.geometry.bounds) == ("new", ("C",), (-79.0, 44.0, -78.9, 44.1))
    assert history.alerts(state="dismissed").empty
    assert history.alerts(state="dismissed").crs.to_epsg() == 4326


def test_a_pixel_has_its_labels_and_distances_and_unknown_is_missing(history: History) -> None:
    look = history.pixel("toronto", *at(520, 30))
    assert look.scene_id.tolist() == ["A", "B", "C"]
    assert look.label.tolist() == [int(labels()[520, 30])] * 3
    assert look.reference_label.tolist() == look.label.tolist()
    assert look.spectrum_distance.tolist() == [0.0] * 3
    nothing = history.pixel("toronto", *at(3, 4), since=NOON.date() + DAY)
    assert nothing.label.isna().tolist() == [True, True]
    assert nothing.flag.tolist() == ["clear"] * 2


def test_an_area_counts_every_pixel_whose_centre_is_inside(history: History) -> None:
    west, north = at(505, 505)
    east, south = at(520, 525)
    outline = box(west, south, east, north)
    found = history.area("toronto", outline)
    assert found.groupby("scene_id").share.sum().round(6).tolist() == [1.0] * 3
    assert abs(found[found.scene_id == "A"].pixels.sum() - 15 * 20) < 40
    assert (found.area_m2 == found.pixels * 900).all()
    whole = history.area("toronto", {"type": "Feature", "geometry": box(*outline.bounds).__geo_interface__})
    assert whole.equals(found)


def test_maps_are_arrays_with_crs_and_pixel_centres(history: History, store: Store) -> None:
    found = history.label_map("B")
    with store.session(read_only=True) as session:
        np.testing.assert_array_equal(found.values, read_map(session, 2, "reference"))
    assert found.rio.crs == GRID.crs
    assert found.rio.transform() == GRID.transform
    assert found.rio.nodata == 255
    assert (float(found.x[0]), float(found.y[0])) == (630015.0, 4839985.0)
    flags = history.flags("B")
    assert (flags.dtype, flags.attrs["scene_id"]) == (np.uint8, "B")
    assert flags.attrs["flag_values"] == [0, 1, 2, 3, 255]


def test_questions_that_make_no_sense_are_refused(history: History) -> None:
    with pytest.raises(QueryError, match="none of"):
        history.alerts(kind="ships")
    with pytest.raises(QueryError, match="no time"):
        history.scenes(since="yesterday")
    with pytest.raises(QueryError, match="no polygon"):
        history.area("toronto", {"type": "Point", "coordinates": [0, 0]})
    with pytest.raises(QueryError, match="outside the area"):
        history.pixel("toronto", 0.0, 0.0)
    with pytest.raises(NotFoundError, match="no flags map"):
        history.flags("D")
    with pytest.raises(NotFoundError, match="no monitor"):
        history.pixel("nowhere", 0.0, 0.0)


def test_a_history_opens_from_a_url_or_a_configuration(history: History, tmp_path: Path) -> None:
    url = history.store.url.render_as_string(hide_password=False)
    with monitor.open_history(url) as opened:
        assert len(opened.scenes()) == 4
    config = tmp_path / "config.yaml"
    config.write_text(
        f"database: {url}\ncatalogs: {{a: {{url: b}}}}\n"
        "monitors: [{name: toronto, catalogs: [a], aoi: [-80, 43, -79, 44], start: 2020-01-01}]\n"
    )
    with monitor.open_history(config) as opened:
        assert opened.models_dir == tmp_path / "models"
        assert opened.monitors() == ["toronto"]
    with pytest.raises(StoreError, match="nothing is stored"):
        monitor.open_history(f"sqlite:///{tmp_path / 'empty.db'}")


def test_importing_monitor_loads_nothing_else() -> None:
    code = "import sys, monitor; print([name for name in ('pandas', 'numpy', 'sqlalchemy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_extra_the_remedy_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\nimport monitor\nfrom monitor.errors import ConfigError\n"
        "try:\n    monitor.open_history('sqlite:///x.db')\nexcept ConfigError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "pip install 'landsat-monitor[history]'" in done.stdout


def test_a_wrong_url_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="not supported"):
        monitor.open_history("mysql://host/name")
