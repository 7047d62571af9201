"""The dam that broke at Brumadinho: two real Landsat 8 scenes, five days after and eleven before."""

from pathlib import Path

import pytest
import yaml
from shapely.geometry import Point, shape

from tests.e2e.conftest import Project
from tests.e2e.test_scan import contents, outcome_of
from tests.servers import absolute_item

MUD = Point(-44.1426, -20.1354)


@pytest.fixture(scope="module")
def project(shared, tmp_path_factory) -> Project:
    """The shared example as it is, copied beside writable folders, and scanned."""
    return scanned_copy(shared, tmp_path_factory.mktemp("brumadinho"))


def scanned_copy(shared: Path, folder: Path, **changes: object) -> Project:
    (folder / "data").symlink_to(shared / "data")
    content = yaml.safe_load((shared / "examples" / "config-brumadinho.yaml").read_text()) | changes
    (folder / "examples").mkdir()
    (folder / "examples" / "config.yaml").write_text(yaml.safe_dump(content))
    project = Project(folder / "examples" / "config.yaml")
    project.ok("scan")
    return project


def test_a_second_scan_processes_nothing_and_changes_no_row(project):
    database = project.config.parent / "brumadinho.db"
    before = contents(database)
    assert project.ok("scan", "--format", "json").json["processed"] == 0
    assert contents(database) == before


def test_the_mud_is_an_anomaly(project):
    features = project.ok("alerts", "list", "--kind", "anomaly", "--format", "geojson").json["features"]
    assert any(shape(feature["geometry"]).contains(MUD) for feature in features)


def test_an_api_and_postgresql_give_the_same_alerts_and_metrics(project, shared, tmp_path, serve_api, postgresql_url):
    items = [absolute_item(path) for path in sorted((shared / "data" / "brumadinho").glob("LC*/*.json"))]
    catalogs = {"local": {"url": serve_api(items)}}
    other = scanned_copy(shared, tmp_path, catalogs=catalogs, database=postgresql_url)
    assert outcome_of(other) == outcome_of(project)
