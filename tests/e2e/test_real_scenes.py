"""Real scenes judged through the commands and scored against truth drawn or sampled by others; QA_PIXEL off."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import yaml

from tests.e2e.conftest import Project


def flags_of(shared: Path, folder: Path, name: str, bands: tuple[str, ...] = ()) -> Path:
    """Flags of all scenes of a shared example, in its own bands unless others are given."""
    (folder / "data").symlink_to(shared / "data")
    content = yaml.safe_load((shared / "examples" / f"config-{name}.yaml").read_text())
    content["monitors"][0]["detection"] = {"use_qa": False}
    if bands:
        content["monitors"][0]["bands"] = list(bands)
    (folder / "examples").mkdir()
    (folder / "examples" / "config.yaml").write_text(yaml.safe_dump(content))
    project = Project(folder / "examples" / "config.yaml")
    project.ok("scan")
    project.ok("export", "flags", "--all", name, "-o", folder / "flags")
    return folder / "flags"


def scores(shared: Path, flags: Path, name: str) -> dict:
    command = [sys.executable, shared / "bench/score_flags.py", shared / "data" / name / "truth", flags, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["overall"]


def test_brumadinho_mud_clouds_and_shadows_are_told_apart(shared, tmp_path):
    found = scores(shared, flags_of(shared, tmp_path, "brumadinho"), "brumadinho")
    least = {"any": 0.90, "cloud": 0.95, "shadow": 0.82, "anomaly": 0.82}
    assert {kind: found[kind]["f1"] for kind, f1 in least.items() if found[kind]["f1"] < f1} == {}
    assert found["false_objects"] <= 6
    assert found["unanswered"] <= 0.05


def test_taizhou_new_roofs_are_change_and_not_cloud(shared, tmp_path):
    found = scores(shared, flags_of(shared, tmp_path, "taizhou"), "taizhou")
    assert found["any"]["f1"] >= 0.96
    assert found["anomaly"]["f1"] >= 0.95
    assert found["cloud"]["fpr"] <= 0.02


@pytest.mark.parametrize(
    ("bands", "least"),
    [
        ("blue green red nir08", 0.94),
        ("green red nir08 swir16", 0.94),
        ("red nir08 swir16 swir22", 0.94),
        ("green red nir08", 0.88),
    ],
)
def test_taizhou_roofs_are_no_clouds_in_the_bands_of_other_sensors(shared, tmp_path, bands, least):
    found = scores(shared, flags_of(shared, tmp_path, "taizhou", tuple(bands.split())), "taizhou")
    assert found["any"]["f1"] >= least
    assert found["anomaly"]["f1"] >= least
    assert found["cloud"]["fpr"] <= 0.02


def test_newyork_cloud_shares_follow_those_of_qa_pixel(shared, tmp_path):
    flags = flags_of(shared, tmp_path, "newyork")
    mine, theirs = [], []
    for path in sorted((shared / "data/newyork/truth").glob("*.tif")):
        with rasterio.open(path) as source:
            truth = source.read(1)
            theirs.append(float((truth[truth != 255] == 1).mean()))
        with rasterio.open(flags / path.name) as source:
            answered = source.read(1)
            mine.append(float((answered[answered != 255] == 1).mean()))
    assert np.corrcoef(mine, theirs)[0, 1] >= 0.8
    assert max(here for here, there in zip(mine, theirs, strict=True) if there < 0.05) < 0.15
