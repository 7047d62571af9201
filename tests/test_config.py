"""Settings: what is accepted, what is refused and in which words."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config_file import load_settings
from monitor.errors import ConfigError

MINIMAL = """
catalogs:
  local: {url: scenes/catalog.json}
monitors:
  - name: lake
    catalogs: [local]
    aoi: [-79.5, 43.5, -79.1, 43.8]
    start: 2024-05-01
"""


@pytest.fixture
def load(tmp_path):
    def from_text(text: str):
        (tmp_path / "config.yaml").write_text(text)
        return load_settings(tmp_path / "config.yaml")

    return from_text


def test_the_example_in_the_repository_is_valid():
    settings = load_settings(Path(__file__).parent.parent / "config.yaml")
    assert [monitor.name for monitor in settings.monitors] == ["toronto"]


@pytest.mark.parametrize("name", ["brumadinho", "newyork", "taizhou"])
def test_the_shared_examples_are_valid(name, shared):
    settings = load_settings(shared / "examples" / f"config-{name}.yaml")
    assert Path(settings.catalogs["local"].url).exists()


def test_paths_are_relative_to_the_file(load, tmp_path):
    settings = load(MINIMAL)
    assert settings.models_dir == tmp_path / "models"
    assert settings.database == f"sqlite:///{tmp_path}/monitor.db"
    assert settings.catalogs["local"].url == str(tmp_path / "scenes" / "catalog.json")


def test_durations_and_defaults_are_read(load):
    monitor = load(MINIMAL + "    lookback: 2w\n").monitors[0]
    assert monitor.lookback == timedelta(weeks=2)
    assert monitor.platforms == ["landsat-8"]
    assert list(monitor.sweep.range) == list(range(3, 11))


def test_the_environment_overrides_the_file(load, monkeypatch):
    monkeypatch.setenv("MONITOR_DATABASE", "postgresql://somebody@somewhere/monitor")
    assert load(MINIMAL).database == "postgresql://somebody@somewhere/monitor"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            "databse: x\n",
            r"config\.yaml: databse: unknown key, did you mean 'database'\? \(allowed: catalogs, channels",
        ),
        ("engine: {kind: spark}\n", r"engine\.kind: Input should be 'local'"),
        ("engine: {workers: 0}\n", r"engine\.workers: Input should be greater than or equal to 1"),
        ("web: {prot: 1}\n", r"web\.prot: unknown key, did you mean 'port'"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(load, change, complaint):
    with pytest.raises(ConfigError, match=complaint):
        load(MINIMAL + change)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("    every: sometimes", r"monitors\.0\.every: 'sometimes' is neither a duration such as 6h nor a cron line"),
        ("    lookback: 30", r"monitors\.0\.lookback: 30 is not a duration"),
        ("    bands: [blue, blue]", "a band is listed twice"),
        ("    bands: [blue, infrared]", r"monitors\.0\.bands\.1: Input should be 'coastal'"),
        ("    aio: x", r"monitors\.0\.aio: unknown key, did you mean 'aoi'"),
        ("    sweep: {k_min: 9, k_max: 4}", "k_min 9 is above k_max 4"),
        ("    reference: {scen: x}", r"monitors\.0\.reference\.scen: unknown key, did you mean 'scene'"),
        ("    notify: [ops]", "notifies channel 'ops'; known are none"),
    ],
)
def test_a_wrong_setting_of_a_monitor_is_named(load, line, complaint):
    with pytest.raises(ConfigError, match=complaint):
        load(MINIMAL + line + "\n")


def test_an_aoi_that_is_inside_out_is_refused(load):
    with pytest.raises(ConfigError, match=r"is not \[west, south, east, north\] in degrees"):
        load(MINIMAL.replace("[-79.5, 43.5, -79.1, 43.8]", "[-79.1, 43.5, -79.5, 43.8]"))


def test_a_monitor_with_an_unknown_catalog_is_refused(load):
    with pytest.raises(ConfigError, match="monitor lake uses catalog 'remote'; known are local"):
        load(MINIMAL.replace("catalogs: [local]", "catalogs: [remote]"))


def test_a_catalog_is_a_url_or_a_preset(load):
    with pytest.raises(ConfigError, match=r"catalogs\.local: give either url or preset"):
        load(MINIMAL.replace("{url: scenes/catalog.json}", "{url: x, preset: usgs}"))


@pytest.mark.parametrize("text", ["", "- 1", "{", "\x00"])
def test_a_file_that_holds_no_settings_is_refused(load, text):
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load(text)


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(ConfigError, match="`monitor init` writes a configuration"):
        load_settings(tmp_path / "config.yaml")
