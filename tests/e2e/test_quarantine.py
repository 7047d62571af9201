"""A scene that fails too often is set aside, and people can bring it back."""

import shutil

import pytest


@pytest.fixture
def project(make_project, series, tmp_path):
    """A project with one scene that is no raster, and two attempts for each; the path of the broken file."""
    folder = tmp_path / "damaged"
    shutil.copytree(series.folder, folder)
    (broken,) = (folder / series.scene_ids[1]).glob("*_SR_B4.TIF")
    broken.write_text("<html>503</html>")
    return make_project(folder / "catalog.json", engine={"workers": 2, "attempts": 2}), broken


def test_a_scene_that_fails_too_often_is_quarantined_with_its_reason_until_it_is_put_back(project, series):
    monitor, broken = project
    assert monitor("scan").code == 1
    assert monitor.ok("scenes", "quarantine", "list", "--format", "json").json == []
    assert monitor("scan").code == 1
    (row,) = monitor.ok("scenes", "quarantine", "list", "--format", "json").json
    assert (row["scene_id"], row["attempts"]) == (series.scene_ids[1], 2)
    assert "not a readable raster" in row["error"]
    assert monitor.ok("scan", "--format", "json").json["failed"] == 0
    (good,) = (broken.parent.parent / series.scene_ids[2]).glob("*_SR_B4.TIF")
    shutil.copy(good, broken)
    monitor.ok("scenes", "retry", series.scene_ids[1])
    assert monitor.ok("scan", "--format", "json").json["processed"] == 1


def test_only_what_failed_can_be_tried_again(project, series):
    monitor, _ = project
    monitor("scan")
    refused = monitor("scenes", "retry", series.scene_ids[2])
    assert refused.code == 1
    assert "is done" in refused.err
    assert monitor("scenes", "retry").code == 2
    assert "1 in the queue again" in monitor.ok("scenes", "retry", "--all").out
