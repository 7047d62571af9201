"""Pictures hold what they are made of."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from rasterio.crs import CRS

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.sweep_result import Sweep, SweepEntry
from monitor.detection.result import Flag
from monitor.plots import FLAG_TABLE, composite, label_table, labels, overview, png_bytes, sweep, write_png
from monitor.plots.colours import NODATA
from monitor.plots.image import MAX_SIDE_PX, stretch_limits, thin_flags, thin_mean, thinning, to_rgba
from monitor.plots.maps import round_length
from monitor.scenes.grid import Grid

HEIGHT, WIDTH = 60, 80
VALID = np.ones((HEIGHT, WIDTH), bool)
VALID[:20, :25] = False


def make_grid(height: int = HEIGHT, width: int = WIDTH) -> Grid:
    return Grid(CRS.from_epsg(32617), Affine(30, 0, 645015, 0, -30, 4862985), height, width)


@pytest.fixture
def ground() -> NDArray[np.float32]:
    cube = np.random.default_rng(1).uniform(0.02, 0.3, (3, HEIGHT, WIDTH)).astype(np.float32)
    cube[:, ~VALID] = np.nan
    return cube


@pytest.fixture
def flags() -> NDArray[np.uint8]:
    raster = np.zeros((HEIGHT, WIDTH), np.uint8)
    raster[~VALID] = Flag.NO_ANSWER
    raster[30:45, 5:25] = Flag.CLOUD
    raster[25:40, 30:45] = Flag.SHADOW
    raster[40:55, 50:75] = Flag.ANOMALY
    return raster


def pixels(figure: Figure) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(png_bytes(figure))) as image:
        return np.asarray(image.convert("RGB"))


def count(image: NDArray[np.uint8], colour: tuple[int, ...], near: int = 6) -> int:
    return int((np.abs(image.astype(int) - colour[:3]).max(axis=-1) <= near).sum())


def hex_colour(text: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(text[1:]))


def test_composite_shows_the_ground_no_data_and_the_outlines(
    ground: NDArray[np.float32], flags: NDArray[np.uint8]
) -> None:
    plain = pixels(composite(ground, VALID, make_grid(), "Scene", bands=("red", "green", "blue")))
    flagged = pixels(composite(ground, VALID, make_grid(), "Scene", flags=flags))
    assert plain.shape[1] == 840
    assert count(plain, hex_colour(NODATA)) > 0.03 * plain.shape[0] * plain.shape[1]
    for flag in (Flag.CLOUD, Flag.SHADOW, Flag.ANOMALY):
        assert count(flagged, FLAG_TABLE[flag]) > count(plain, FLAG_TABLE[flag]) + 300


def test_colours_of_a_composite_are_the_bands_in_their_order() -> None:
    cube = np.zeros((3, 4, 4), np.float32)
    cube[0, :2] = 0.3
    cube[2, 2:] = 0.3
    image = to_rgba(cube, np.ones((4, 4), bool), np.array([[0, 0.3]] * 3, np.float32))
    assert image[0, 0].tolist() == [255, 0, 0, 255]
    assert image[3, 3].tolist() == [0, 0, 255, 255]


def test_clouds_do_not_darken_the_ground_when_they_are_flagged(ground: NDArray[np.float32]) -> None:
    cloudy, flags = ground.copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
    cloudy[:, 20:] = 0.9
    flags[20:] = Flag.CLOUD
    assert stretch_limits(cloudy, VALID)[0, 1] > 0.8
    shown = [composite(cloudy, VALID, make_grid(), "", flags=known).axes[0].images[0] for known in (flags, None)]
    aware, unaware = (image.get_array()[:20, 30:, :3].mean() for image in shown)
    assert aware > 2 * unaware


def test_overview_has_flags_in_their_colours_beside_both_scenes(
    ground: NDArray[np.float32], flags: NDArray[np.uint8]
) -> None:
    figure = overview((ground, VALID), (0.8 * ground, VALID), flags, make_grid(), ("Before", "After"))
    image = pixels(figure)
    assert len(figure.axes) == 3
    assert image.shape[1] > 2 * image.shape[0]
    right = image[:, 2 * image.shape[1] // 3 :]
    for flag in (Flag.CLOUD, Flag.SHADOW, Flag.ANOMALY):
        share = float((flags == flag).mean())
        shown = count(right, FLAG_TABLE[flag]) / (right.shape[0] * right.shape[1])
        assert 0.4 * share < shown < 1.3 * share


def test_before_and_after_are_shown_with_one_contrast(ground: NDArray[np.float32], flags: NDArray[np.uint8]) -> None:
    figure = overview((ground, VALID), (0.5 * ground, VALID), flags, make_grid())
    before, after = (axes.images[0].get_array()[VALID][:, :3].mean() for axes in figure.axes[:2])
    assert after < 0.75 * before


def test_label_map_has_every_label_and_its_share() -> None:
    raster = np.full((HEIGHT, WIDTH), NO_LABEL, np.uint8)
    raster[:30, :40], raster[30:, :40], raster[:, 60:] = 0, 1, 2
    spectra = np.array([[0.03, 0.03, 0.01, 0.01], [0.02, 0.05, 0.02, 0.4], [0.1, 0.12, 0.16, 0.25]], np.float32)
    bands = ("blue", "green", "red", "nir08")
    figure = labels(LabelMap(raster, spectra), make_grid(), "Scene", "labels", spectra, bands)
    image = pixels(figure)
    table = label_table(3, spectra, bands)
    for label in range(3):
        assert count(image, table[label]) > 0.5 * (raster == label).mean() * 0.6 * image.shape[0] * image.shape[1]
    legend = next(axes.get_legend() for axes in figure.axes if axes.get_legend())
    assert [text.get_text() for text in legend.get_texts()] == ["0   33.3 %", "1   33.3 %", "2   33.3 %"]
    spectra_axes = figure.axes[-1]
    assert [tick.get_text() for tick in spectra_axes.get_xticklabels()] == list(bands)


def test_label_map_without_spectra_has_no_chart() -> None:
    raster = np.zeros((HEIGHT, WIDTH), np.uint8)
    figure = labels(LabelMap(raster, np.zeros((4, 6), np.float32)), make_grid(), "Scene")
    assert len(figure.axes) == 2
    assert count(pixels(figure), label_table(4)[0]) > 100_000


def test_sweep_marks_the_chosen_k_and_says_why() -> None:
    none = np.empty((0, 0), np.float32)
    entries = tuple(SweepEntry(k, 1 / k, 0.6 - 0.02 * abs(k - 5), none) for k in range(3, 11))
    figure = sweep(Sweep(entries, 5, "highest silhouette", 1, 10_000), "Scene", "10,000 pixels")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "0.2" in texts
    assert "0.6" in texts
    assert "k = 5: highest silhouette" in figure.get_supxlabel()
    for axes in figure.axes:
        assert axes.lines[0].get_xdata().tolist() == list(range(3, 11))
        assert list(axes.lines[2].get_xdata()) == [5]
    assert count(pixels(figure), FLAG_TABLE[Flag.ANOMALY]) > 100


def test_a_sweep_of_one_k_is_drawn() -> None:
    entry = SweepEntry(4, 0.3, 0.5, np.empty((0, 0), np.float32))
    assert png_bytes(sweep(Sweep((entry,), 4, "given", 1, 100), "Scene"))


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (20, 300), (300, 20)])
def test_maps_of_any_shape_are_drawn(shape: tuple[int, int]) -> None:
    cube, valid = np.full((3, *shape), 0.1, np.float32), np.ones(shape, bool)
    flags = np.full(shape, Flag.ANOMALY, np.uint8)
    assert png_bytes(composite(cube, valid, make_grid(*shape), "Scene", flags=flags))
    assert png_bytes(overview((cube, valid), (cube, valid), flags, make_grid(*shape)))


def test_a_scene_without_data_is_grey_all_over() -> None:
    nothing = np.full((3, HEIGHT, WIDTH), np.nan, np.float32)
    image = pixels(composite(nothing, np.zeros((HEIGHT, WIDTH), bool), make_grid(), "Scene"))
    assert count(image, hex_colour(NODATA), 30) > 0.8 * image.shape[0] * image.shape[1]


def test_large_rasters_are_thinned_and_a_lone_anomaly_survives() -> None:
    shape = (2 * MAX_SIDE_PX + 501, 3)
    step = thinning(shape)
    flags = np.zeros(shape, np.uint8)
    flags[1234, 1] = Flag.ANOMALY
    flags[1235, 1] = Flag.CLOUD
    small = thin_flags(flags, step)
    assert max(small.shape) <= MAX_SIDE_PX
    assert small[1234 // step, 0] == Flag.ANOMALY
    assert (small == Flag.ANOMALY).sum() == 1


def test_thinning_takes_means_of_valid_pixels_only() -> None:
    cube = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    valid = np.ones((3, 4), bool)
    valid[0, 0] = False
    means, known = thin_mean(cube, valid, 2)
    assert means[0].tolist() == [[10 / 3, 4.5], [8.5, 10.5]]
    assert known.all()
    assert not thin_mean(cube, np.zeros((3, 4), bool), 2)[1].any()


@pytest.mark.parametrize(("about", "length"), [(2.4, 2), (0.99, 0.5), (1.0, 1), (37, 20), (0.006, 0.005)])
def test_scale_bars_have_round_lengths(about: float, length: float) -> None:
    assert round_length(about) == pytest.approx(length)


def test_a_picture_can_be_held_under_a_size_and_keeps_the_colours_of_its_flags(
    tmp_path: Path, ground: NDArray[np.float32], flags: NDArray[np.uint8]
) -> None:
    figure = overview((ground, VALID), (ground, VALID), flags, make_grid())
    write_png(figure, tmp_path / "new" / "full.png")
    full = (tmp_path / "new" / "full.png").stat().st_size
    write_png(figure, tmp_path / "small.png", max_bytes=full // 3)
    assert (tmp_path / "small.png").stat().st_size <= full // 3
    with Image.open(tmp_path / "small.png") as image:
        assert count(np.asarray(image.convert("RGB")), FLAG_TABLE[Flag.ANOMALY], 0) > 1000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "small.png"]


def test_plots_need_no_window_system() -> None:
    code = "import sys, monitor.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
