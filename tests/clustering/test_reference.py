"""The reference model: fitted on clear ground, kept on disk, checked when it comes back."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from monitor.clustering.files import load_model, model_folder, save_model
from monitor.clustering.labels import NO_LABEL
from monitor.clustering.reference import fit_reference
from monitor.errors import ReferenceModelError, SceneError
from monitor.scenes.clear import ground
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack
from tests import rasters

CLOUD, SHADOW = 3, 4


def make_scene(reflectance: np.ndarray, qa: np.ndarray | None = None) -> Scene:
    grid = rasters.make_grid(*reflectance.shape[1:])
    item = rasters.make_item({}, grid, sun_azimuth=135.0, sun_elevation=45.0)
    stack = Stack.of(reflectance)
    return Scene(item, grid, rasters.BANDS, stack, stack.seen, qa)


def fitted(scene: Scene, ks: range, k: int | str = "auto"):
    return fit_reference(scene, ground(scene), "lake", ks, k)


@pytest.fixture
def clear() -> np.ndarray:
    return rasters.patchwork(rasters.make_grid(100, 120), patches=5)


@pytest.fixture
def saved(clear, tmp_path):
    model, tried = fitted(make_scene(clear), range(3, 8), "auto")
    model, checksum = save_model(model, tried, tmp_path)
    return model, checksum, model_folder(tmp_path, "lake", 1)


def test_a_model_comes_back_from_disk_as_it_was(saved):
    model, checksum, folder = saved
    loaded = load_model(folder, checksum)
    for name in ("center", "scale", "centroids", "spread", "radius", "reflectance", "labels"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name))
    assert loaded.grid == model.grid
    assert loaded.bands == model.bands
    assert loaded.card == model.card


def test_the_card_tells_where_the_model_comes_from(saved):
    model, _, folder = saved
    card = json.loads((folder / "card.json").read_text())
    assert card["scene_id"] == model.scene_id
    assert card["k"] == model.k == 5
    assert card["versions"].keys() >= {"scikit-learn", "numpy", "python"}
    assert "silhouette" in card["reason"]


def test_its_rasters_open_on_the_monitors_grid(saved):
    model, _, folder = saved
    with rasterio.open(folder / "reflectance.tif") as src:
        assert (src.crs, src.transform, src.count) == (model.grid.crs, model.grid.transform, 6)
    with rasterio.open(folder / "border_strength.tif") as src:
        np.testing.assert_array_equal(src.read(1), model.label_map.border_strength)


@pytest.mark.parametrize("name", ["card.json", "centroids.npz", "labels.tif", "reflectance.tif"])
def test_a_file_that_changed_on_disk_is_refused(saved, name):
    _, checksum, folder = saved
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ReferenceModelError, match=rf"{name} has changed since it was saved.*monitor reference fit"):
        load_model(folder, checksum)


def test_a_missing_model_says_what_to_do(saved, tmp_path):
    with pytest.raises(ReferenceModelError, match="fit a new one"):
        load_model(tmp_path / "lake" / "9", saved[1])


def test_a_folder_that_cannot_be_written_is_named(saved, tmp_path):
    model, _, _ = saved
    (tmp_path / "file").write_text("")
    _, tried = fitted(make_scene(rasters.patchwork(model.grid)), range(3, 5), 3)
    with pytest.raises(ReferenceModelError, match=r"cannot be written .* check `models_dir`"):
        save_model(model, tried, Path(tmp_path / "file"))


def test_k_is_as_given_when_it_is_given(clear):
    model, tried = fitted(make_scene(clear), range(3, 6), 8)
    assert model.k == 8
    assert [entry.k for entry in tried.entries] == [3, 4, 5]


def test_clouds_and_shadows_of_qa_pixel_are_no_reference(clear):
    qa = np.full(clear.shape[1:], 1 << 6, np.uint16)
    qa[10:20, 10:20] = 1 << CLOUD
    qa[30:40, 10:20] = 1 << SHADOW
    model, _ = fitted(make_scene(clear, qa), range(3, 6), 4)
    assert (model.labels == NO_LABEL).sum() == 200
    assert np.isnan(model.reflectance[:, 15, 15]).all()


def test_a_bright_cloud_and_its_shadow_are_found_without_qa_pixel(clear):
    clear *= 0.3
    clear[:, 40:50, 60:70] = 0.7
    reach = round(1500 / 30)
    down, left = round(reach * np.sqrt(0.5)), round(reach * np.sqrt(0.5))
    shaded = (slice(None), slice(40 - down, 50 - down), slice(60 - left, 70 - left))
    clear[shaded] = 0.01
    found = ~ground(make_scene(clear))
    assert found[40:50, 60:70].all()
    assert found[shaded[1:]].mean() > 0.9
    assert found.mean() < 0.15


def test_a_scene_full_of_cloud_is_no_reference(clear):
    qa = np.full(clear.shape[1:], 1 << CLOUD, np.uint16)
    qa[:10] = 1 << 6
    with pytest.raises(SceneError, match="only 10% of its valid pixels are clear ground"):
        fitted(make_scene(clear, qa), range(3, 6), "auto")
