"""A catalog server that fails on a third of all requests: good scenes end done, bad ones aside with a true reason."""

import shutil

import pytest

from monitor.store.scenes import list_scenes


@pytest.mark.parametrize("damaged", [(), pytest.param((2, 4), marks=pytest.mark.long)])
def test_every_good_scene_is_done_and_every_bad_one_quarantined_with_its_reason(
    make_service, sqlite_url, tiny, tmp_path, serve_folder, damaged
):
    folder = tmp_path / "served"
    shutil.copytree(tiny.folder, folder)
    bad = [tiny.scene_ids[number] for number in damaged]
    for scene, content in zip(bad, (b"<html>gone</html>", bytes(30_000)), strict=False):
        next((folder / scene).glob("*_SR_B4.TIF")).write_bytes(content)
    server = serve_folder(folder)
    service = make_service(
        sqlite_url,
        catalogs={"local": {"url": f"{server.url}/catalog.json", "timeout": "1s"}},
        engine={"workers": 2, "attempts": 8},
    )
    server.misbehave(1 / 3)
    expected = {scene: "quarantined" if scene in bad else "done" for scene in tiny.scene_ids}
    service.start()
    service.wait(lambda: "leading" in service.log and service.states() == expected, 400)
    with service.store as store, store.session(read_only=True) as session:
        errors = {scene.scene_id: str(scene.error) for scene in list_scenes(session) if scene.scene_id in bad}
    assert all("band red" in error for error in errors.values()), errors
