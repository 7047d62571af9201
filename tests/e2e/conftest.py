"""A simulated series, and the commands run on it as a user would."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.cli import main
from monitor.simulate import SimulatedCatalog, write_catalog


@dataclass(frozen=True)
class Outcome:
    """Exit status and output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run_command(*arguments: object) -> Outcome:
    out, err, former = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["monitor", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = former
    return Outcome(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def series(tmp_path_factory) -> SimulatedCatalog:
    """Five small simulated dates with clouds and changes."""
    return write_catalog(tmp_path_factory.mktemp("series") / "catalog", dates=5, seed=3, size=(150, 170))


@dataclass(frozen=True)
class Project:
    """A folder with a configuration, and the commands in it."""

    config: Path

    def __call__(self, *arguments: object) -> Outcome:
        return run_command("--config", self.config, *arguments)

    def ok(self, *arguments: object) -> Outcome:
        outcome = self(*arguments)
        assert outcome.code == 0, outcome.out + outcome.err
        return outcome


def write_project(
    folder: Path, series: SimulatedCatalog, catalog: object, monitor: dict[str, Any], **settings: Any
) -> Project:
    """A folder with a configuration for a catalog of the series."""
    watched = {
        "name": "lake",
        "catalogs": ["local"],
        "aoi": [round(value, 5) for value in series.bbox],
        "bands": ["blue", "green", "red", "nir08", "swir16", "swir22"],
        "start": series.start,
        "reference": {"scene": series.reference_id},
        "sweep": {"k_min": 3, "k_max": 6},
    }
    content = {
        "database": "sqlite:///monitor.db",
        "catalogs": {"local": {"url": str(catalog)}},
        "monitors": [watched | monitor],
        "engine": {"workers": 1},
    }
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(content | settings))
    return Project(folder / "config.yaml")


@pytest.fixture
def make_project(tmp_path, series) -> Callable[..., Project]:
    """A project on a catalog; further settings replace those of the file or, in `monitor`, of its monitor."""

    def make(catalog: object = series.catalog, *, monitor: dict[str, Any] | None = None, **settings: Any) -> Project:
        folder = tmp_path / f"project{len(list(tmp_path.glob('project*')))}"
        return write_project(folder, series, catalog, monitor or {}, **settings)

    return make


@pytest.fixture(scope="session")
def scanned(tmp_path_factory, series) -> Project:
    """A project whose scan is done, for tests that only look at it."""
    project = write_project(tmp_path_factory.mktemp("scanned") / "project", series, series.catalog, {})
    project.ok("scan")
    return project
